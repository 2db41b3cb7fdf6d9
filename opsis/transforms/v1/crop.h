// The first version's transforms that cut parts out or add borders: CenterCrop, RandomCrop, Pad, FiveCrop, TenCrop.
#pragma once

#include <array>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/transforms/crop.h"
#include "opsis/transforms/five_crop.h"
#include "opsis/transforms/geometry.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms::v1 {

/// v1::functional::center_crop.
/// Throws   ValueError when size has not 1 or 2 numbers
/// Source   torchvision.transforms.CenterCrop
class OPSIS_API CenterCrop final : public Fixed<CenterCrop> {
 public:
  explicit CenterCrop(torch::IntArrayRef size);
  explicit CenterCrop(std::initializer_list<int64_t> size) : CenterCrop(torch::IntArrayRef(size)) {}

  Value transform(const Value& value) const;
  Value inverse(const Value& value, Size source) const;
  std::string repr() const override;

 private:
  Size size_;
};

/// v1::functional::pad. Settings of transforms::Pad, with one fill for all channels.
/// Throws   ValueError when padding has not 1, 2 or 4 numbers
/// Source   torchvision.transforms.Pad
class OPSIS_API Pad final : public Fixed<Pad> {
 public:
  explicit Pad(int64_t padding, PadOptions options = {});
  explicit Pad(std::vector<int64_t> padding, PadOptions options = {});

  Value transform(const Value& value) const;
  Value inverse(const Value& value, Size source) const;
  std::string repr() const override;

 private:
  std::vector<int64_t> padding_;
  bool single_ = false;
  PadOptions options_;
};

/// Cuts {height, width}, or a square, out of a random place. Settings of transforms::RandomCrop; what is missing is added by
/// paddings of their own, of the width and then of the height.
/// Draws    unless the padded image has the size already, torch.randint(rows to spare + 1), then the same for the columns
/// Throws   as transforms::RandomCrop
/// Source   torchvision.transforms.RandomCrop
class OPSIS_API RandomCrop final : public Drawing<RandomCrop> {
 public:
  explicit RandomCrop(torch::IntArrayRef size, RandomCropOptions options = {});
  explicit RandomCrop(std::initializer_list<int64_t> size, RandomCropOptions options = {})
      : RandomCrop(torch::IntArrayRef(size), std::move(options)) {}

  using Params = transforms::functional::Region;  ///< of the padded image
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  std::string repr() const override;

 private:
  Size size_;
  RandomCropOptions options_;
};

/// The corners and the middle.
///     auto [top_left, top_right, bottom_left, bottom_right, middle] = v1::FiveCrop(224)(image);
/// Within a pipeline, where a type cannot change, they are a batch, as transforms::FiveCrop makes it.
/// Throws   ValueError when size has not 1 or 2 numbers; and, applied, when it is larger than the image
/// Source   torchvision.transforms.FiveCrop
class OPSIS_API FiveCrop final : public Fixed<FiveCrop> {
 public:
  explicit FiveCrop(torch::IntArrayRef size);
  explicit FiveCrop(std::initializer_list<int64_t> size) : FiveCrop(torch::IntArrayRef(size)) {}

  /// Of a tensor, an Image or a Video.
  template <class Pixels>
  std::array<Pixels, 5> operator()(const Pixels& image) const {
    return transforms::functional::five_crop(image, {size_.height, size_.width});
  }
  Value transform(const Value& value) const;
  Value inverse(const Value& value, Size source) const;
  std::string repr() const override;

 private:
  Size size_;
};

/// FiveCrop of the image, then of the image mirrored left to right (or, with vertical_flip, top to bottom).
/// Throws   as FiveCrop
/// Source   torchvision.transforms.TenCrop
class OPSIS_API TenCrop final : public Fixed<TenCrop> {
 public:
  explicit TenCrop(torch::IntArrayRef size, bool vertical_flip = false);
  explicit TenCrop(std::initializer_list<int64_t> size, bool vertical_flip = false)
      : TenCrop(torch::IntArrayRef(size), vertical_flip) {}

  /// Of a tensor, an Image or a Video.
  template <class Pixels>
  std::array<Pixels, 10> operator()(const Pixels& image) const {
    return transforms::functional::ten_crop(image, {size_.height, size_.width}, vertical_flip_);
  }
  Value transform(const Value& value) const;
  Value inverse(const Value& value, Size source) const;
  std::string repr() const override;

 private:
  Size size_;
  bool vertical_flip_;
};

}  // namespace opsis::inline v1::transforms::v1
