// Transforms that cut a part out: CenterCrop, RandomCrop, RandomResizedCrop.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/transforms/functional/crop.h"
#include "opsis/transforms/geometry.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// Cuts {height, width}, or a square, out of the middle; what is too small is padded with 0.
///     CenterCrop(224)(image)   // (3, 256, 341) -> (3, 224, 224)
/// Throws   ValueError when size has not 1 or 2 numbers
/// Source   torchvision.transforms.v2.CenterCrop
class OPSIS_API CenterCrop final : public Fixed<CenterCrop> {
 public:
  explicit CenterCrop(torch::IntArrayRef size);
  explicit CenterCrop(std::initializer_list<int64_t> size) : CenterCrop(torch::IntArrayRef(size)) {}

  Value transform(const Value& value) const;
  Value inverse(const Value& value, Size source) const;
  detail::PixelSteps pixel_steps(Size canvas) const;
  auto arguments() const { return std::tuple(argument<"size">(std::vector<int64_t>{size_.height, size_.width})); }
  std::string repr() const override;

 private:
  Size size_;
};

/// Of RandomCrop.
struct RandomCropOptions {
  std::vector<int64_t> padding{};  ///< as in functional::pad, before the crop; empty for none
  bool pad_if_needed = false;      ///< pads what is too small by the missing pixels, on both sides
  Fills fill = 0;
  PaddingMode padding_mode = PaddingMode::Constant;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("padding", padding);
    visit("pad_if_needed", pad_if_needed);
    visit("fill", fill);
    visit("padding_mode", padding_mode);
  }
};

/// Cuts {height, width}, or a square, out of a random place.
///     RandomCrop(32, {.padding = {4}})(image)   // (3, 32, 32) -> (3, 32, 32)
/// Draws    torch.randint(rows to spare + 1) if there are any, then the same for the columns
/// Throws   ValueError when size has not 1 or 2 numbers or padding not 1, 2 or 4; and, applied, when the sample is too small
/// Source   torchvision.transforms.v2.RandomCrop
class OPSIS_API RandomCrop final : public Drawing<RandomCrop> {
 public:
  explicit RandomCrop(torch::IntArrayRef size, RandomCropOptions options = {});
  explicit RandomCrop(std::initializer_list<int64_t> size, RandomCropOptions options = {})
      : RandomCrop(torch::IntArrayRef(size), std::move(options)) {}

  struct Params {
    std::vector<int64_t> padding;  ///< left, top, right, bottom
    functional::Region region;
    bool crops;  ///< false when the padded sample has the size already

    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("padding", padding);
      visit("region", region);
      visit("crops", crops);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  detail::PixelSteps pixel_steps(const Params& params, Size canvas) const;
  auto arguments() const { return std::tuple(argument<"size">(std::vector<int64_t>{size_.height, size_.width}), options_); }
  std::string repr() const override;

 private:
  Size size_;
  RandomCropOptions options_;
};

/// Of RandomResizedCrop.
struct RandomResizedCropOptions {
  std::pair<double, double> scale{0.08, 1.0};             ///< least and greatest part of the area
  std::pair<double, double> ratio{3.0 / 4.0, 4.0 / 3.0};  ///< least and greatest width / height
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  bool antialias = true;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("scale", scale);
    visit("ratio", ratio);
    visit("interpolation", interpolation);
    visit("antialias", antialias);
  }
};

/// Cuts a region of random area and ratio out of a random place, and resizes it: how the Inception networks were trained.
///     RandomResizedCrop(224)(image)   // (3, 375, 500) -> (3, 224, 224)
/// Draws    up to ten times uniform(scale) and uniform(log ratio), until a region fits; then torch.randint for its top and its
///          left. When none fits: the middle, with no further draw
/// Throws   ValueError when size has not 1 or 2 numbers, and for a scale or a ratio that is not (least, greatest), a scale below 0
///          and a ratio that is not above 0
/// Differs  scale and ratio are refused here, by torchvision when it is first applied
/// Source   torchvision.transforms.v2.RandomResizedCrop
class OPSIS_API RandomResizedCrop final : public Drawing<RandomResizedCrop> {
 public:
  explicit RandomResizedCrop(torch::IntArrayRef size, RandomResizedCropOptions options = {});
  explicit RandomResizedCrop(std::initializer_list<int64_t> size, RandomResizedCropOptions options = {})
      : RandomResizedCrop(torch::IntArrayRef(size), options) {}

  using Params = functional::Region;
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  detail::PixelSteps pixel_steps(const Params& params, Size canvas) const;
  auto arguments() const { return std::tuple(argument<"size">(std::vector<int64_t>{size_.height, size_.width}), options_); }
  std::string repr() const override;

 private:
  Size size_;
  RandomResizedCropOptions options_;
  double least_log_ratio_, greatest_log_ratio_;
};

}  // namespace opsis::inline v1::transforms
