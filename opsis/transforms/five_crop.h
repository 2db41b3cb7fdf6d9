// Transforms that cut several parts out: FiveCrop, TenCrop.
#pragma once

#include <initializer_list>
#include <string>
#include <tuple>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/transforms/functional/five_crop.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// The corners and the middle of images and videos, as a batch: what classifiers are tested with.
///     FiveCrop(224)(image)   // (3, 256, 341) -> (5, 3, 224, 224)
/// Key points pass through.
/// Throws   ValueError when size has not 1 or 2 numbers; applied, when it is larger than the image or the sample has boxes or
///          masks; and when it is to be inverted, for a place of a crop is no place of the image
/// Differs  torchvision gives a tuple of five, which the next transform must stack; functional::five_crop gives the five
/// Source   torchvision.transforms.v2.FiveCrop
class OPSIS_API FiveCrop final : public Fixed<FiveCrop> {
 public:
  explicit FiveCrop(torch::IntArrayRef size);
  explicit FiveCrop(std::initializer_list<int64_t> size) : FiveCrop(torch::IntArrayRef(size)) {}

  Value transform(const Value& value) const;
  Value inverse(const Value& value, Size source) const;
  auto arguments() const { return std::tuple(argument<"size">(std::vector<int64_t>{size_.height, size_.width})); }
  std::string repr() const override;

 private:
  Size size_;
};

/// FiveCrop of the image, then of the image mirrored left to right (or, with vertical_flip, top to bottom).
///     TenCrop(224)(image)   // (3, 256, 341) -> (10, 3, 224, 224)
/// Throws   as FiveCrop
/// Differs  as FiveCrop
/// Source   torchvision.transforms.v2.TenCrop
class OPSIS_API TenCrop final : public Fixed<TenCrop> {
 public:
  explicit TenCrop(torch::IntArrayRef size, bool vertical_flip = false);
  explicit TenCrop(std::initializer_list<int64_t> size, bool vertical_flip = false)
      : TenCrop(torch::IntArrayRef(size), vertical_flip) {}

  Value transform(const Value& value) const;
  Value inverse(const Value& value, Size source) const;
  auto arguments() const {
    return std::tuple(argument<"size">(std::vector<int64_t>{size_.height, size_.width}),
                      argument<"vertical_flip">(vertical_flip_));
  }
  std::string repr() const override;

 private:
  Size size_;
  bool vertical_flip_;
};

}  // namespace opsis::inline v1::transforms
