// Transforms that detectors are trained with: RandomZoomOut, RandomIoUCrop, ScaleJitter, RandomShortestSize, RandomResize.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/transforms/functional/crop.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/transforms/geometry.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// Of RandomZoomOut.
struct RandomZoomOutOptions {
  Fills fill = 0;
  std::pair<double, double> side_range{1.0, 4.0};  ///< least and greatest growth of the sides
  double p = 0.5;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("fill", fill);
    visit("side_range", side_range);
    visit("p", p);
  }
};

/// Puts everything somewhere on a larger canvas: what is seen becomes smaller to the next Resize.
///     RandomZoomOut({.fill = {124, 116, 104}})(image, boxes)
/// Draws    one torch.rand(1), and goes on when it is below p; torch.rand(1) for the growth, torch.rand(2) for the place
/// Throws   ValueError when p is not in [0, 1], and when side_range begins below 1 or is not (least, greatest)
/// Source   torchvision.transforms.v2.RandomZoomOut
class OPSIS_API RandomZoomOut final : public Sometimes<RandomZoomOut> {
 public:
  explicit RandomZoomOut(RandomZoomOutOptions options = {});

  struct Params {
    std::vector<int64_t> padding;  ///< left, top, right, bottom

    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("padding", padding);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  auto arguments() const { return std::tuple(options_); }
  std::string repr() const override;

 private:
  RandomZoomOutOptions options_;
};

/// Of RandomIoUCrop.
struct RandomIoUCropOptions {
  double min_scale = 0.3;  ///< of the sides of the crop
  double max_scale = 1.0;
  double min_aspect_ratio = 0.5;  ///< width / height
  double max_aspect_ratio = 2.0;
  /// Overlaps that at least one box must have with the crop, of which one is drawn; 1 or more is the whole sample.
  std::vector<double> sampler_options{0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0};
  int64_t trials = 40;  ///< crops for each drawn overlap

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("min_scale", min_scale);
    visit("max_scale", max_scale);
    visit("min_aspect_ratio", min_aspect_ratio);
    visit("max_aspect_ratio", max_aspect_ratio);
    visit("sampler_options", sampler_options);
    visit("trials", trials);
  }
};

/// Cuts a region out of a random place that overlaps with a box as much as is drawn: how SSD is trained. Boxes whose centre is
/// outside become 0, for SanitizeBoundingBoxes to take out with their labels.
/// Draws    until a crop fits: torch.randint for the overlap, then up to `trials` times torch.rand(2) for the sides and, if their
///          ratio is allowed, torch.rand(2) for the place
/// Throws   ValueError, applied, when the sample has no boxes or neither image nor video, when boxes are rotated, when a crop has
///          no height, and when no crop can ever fit or none of 100,000 does
/// Differs  torchvision draws forever then, where no overlap is 1 or more
/// Source   torchvision.transforms.v2.RandomIoUCrop
class OPSIS_API RandomIoUCrop final : public Drawing<RandomIoUCrop> {
 public:
  explicit RandomIoUCrop(RandomIoUCropOptions options = {});

  struct Params {
    bool crops = false;  ///< false leaves the sample as it is
    functional::Region region{};
    torch::Tensor within{};  ///< (N) boolean: the boxes whose centre is in the region

    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("crops", crops);
      visit("top", region.top);
      visit("left", region.left);
      visit("height", region.height);
      visit("width", region.width);
      visit("within", within);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  detail::PixelSteps pixel_steps(const Params& params, Size canvas) const;
  auto arguments() const { return std::tuple(options_); }
  std::string repr() const override;

 private:
  RandomIoUCropOptions options_;
};

/// Of ScaleJitter.
struct ScaleJitterOptions {
  std::pair<double, double> scale_range{0.1, 2.0};
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  bool antialias = true;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("scale_range", scale_range);
    visit("interpolation", interpolation);
    visit("antialias", antialias);
  }
};

/// The size that was drawn.
struct ResizeParams {
  std::vector<int64_t> size;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("size", size);
  }
};

/// Resizes to fit into target_size, times a random scale: large-scale jitter.
///     ScaleJitter({1024, 1024})(image, boxes, masks)
/// Draws    one torch.rand(1)
/// Source   torchvision.transforms.v2.ScaleJitter, which measures the height by the target's second number and the width by its
///          first
class OPSIS_API ScaleJitter final : public Drawing<ScaleJitter> {
 public:
  explicit ScaleJitter(Size target_size, ScaleJitterOptions options = {}) : target_size_(target_size), options_(options) {}

  using Params = ResizeParams;
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  detail::PixelSteps pixel_steps(const Params& params, Size canvas) const;
  auto arguments() const { return std::tuple(argument<"target_size">(target_size_), options_); }
  std::string repr() const override;

 private:
  Size target_size_;
  ScaleJitterOptions options_;
};

/// Of RandomShortestSize.
struct RandomShortestSizeOptions {
  std::optional<int64_t> max_size{};  ///< of the longer side
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  bool antialias = true;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("max_size", max_size);
    visit("interpolation", interpolation);
    visit("antialias", antialias);
  }
};

/// Resizes so that the shorter side has one of the lengths, and the longer one at most max_size: how Faster R-CNN is trained.
///     RandomShortestSize({480, 512, 544}, {.max_size = 1333})(image, boxes)
/// Draws    one torch.randint for the length
/// Throws   ValueError when there is no length
/// Differs  torchvision fails without a length when it is first applied
/// Source   torchvision.transforms.v2.RandomShortestSize
class OPSIS_API RandomShortestSize final : public Drawing<RandomShortestSize> {
 public:
  explicit RandomShortestSize(std::vector<int64_t> min_size, RandomShortestSizeOptions options = {});
  explicit RandomShortestSize(int64_t min_size, RandomShortestSizeOptions options = {})
      : RandomShortestSize(std::vector<int64_t>{min_size}, options) {}

  using Params = ResizeParams;
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  detail::PixelSteps pixel_steps(const Params& params, Size canvas) const;
  auto arguments() const {
    using Lengths = std::variant<int64_t, std::vector<int64_t>>;
    return std::tuple(argument<"min_size">(min_size_.size() == 1 ? Lengths(min_size_[0]) : Lengths(min_size_)), options_);
  }
  std::string repr() const override;

 private:
  std::vector<int64_t> min_size_;
  RandomShortestSizeOptions options_;
};

/// Of RandomResize.
struct RandomResizeOptions {
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  bool antialias = true;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("interpolation", interpolation);
    visit("antialias", antialias);
  }
};

/// Resizes the shorter side to a random length in [min_size, max_size).
/// Draws    one torch.randint
/// Throws   ValueError, applied, when max_size is not above min_size
/// Source   torchvision.transforms.v2.RandomResize
class OPSIS_API RandomResize final : public Drawing<RandomResize> {
 public:
  RandomResize(int64_t min_size, int64_t max_size, RandomResizeOptions options = {})
      : min_size_(min_size), max_size_(max_size), options_(options) {}

  using Params = ResizeParams;
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  detail::PixelSteps pixel_steps(const Params& params, Size canvas) const;
  auto arguments() const { return std::tuple(argument<"min_size">(min_size_), argument<"max_size">(max_size_), options_); }
  std::string repr() const override;

 private:
  int64_t min_size_, max_size_;
  RandomResizeOptions options_;
};

}  // namespace opsis::inline v1::transforms
