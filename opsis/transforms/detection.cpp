#include "opsis/transforms/detection.h"

#include <ATen/ops/logical_not.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/transforms/put_back.h"
#include "opsis/transforms/query.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {
namespace {

using torch::Tensor;

// A side as Python's int() cuts it.
int64_t cut(std::string_view where, double side) {
  OPSIS_CHECK(std::abs(side) < 1e15, "{}: sides must be numbers that fit, got {}", where, side);  // not for NaN either
  return static_cast<int64_t>(side);
}

// What torchvision computes from a draw of float32: each step is rounded to float32 before the next one.
float between(double low, double high, float draw) {
  const float part = draw * static_cast<float>(high - low);
  return static_cast<float>(low) + part;
}
float times(int64_t side, float factor) { return static_cast<float>(side) * factor; }

// What the three that draw a size share; of their options it takes the way of resizing.
template <class Options>
Value resized(const Value& value, torch::IntArrayRef size, const Options& options) {
  return apply_kernel(value, [&](const auto& v) {
    return functional::resize(v, size, {.interpolation = options.interpolation, .antialias = options.antialias});
  });
}
template <class Options>
detail::PixelSteps resize_steps(const ResizeParams& params, Size canvas, const Options& options) {
  const auto size = detail::resized_size(canvas, params.size, std::nullopt);
  return {{detail::ResizeStep{size, options.interpolation, options.antialias}}};
}

// Numbers that products of sides do not overflow.
Tensor widened(const Tensor& boxes) {
  const auto type = boxes.scalar_type();
  if (boxes.is_floating_point()) return type == torch::kFloat32 || type == torch::kFloat64 ? boxes : boxes.to(torch::kFloat32);
  return type == torch::kInt32 || type == torch::kInt64 ? boxes : boxes.to(torch::kInt32);
}

Tensor area(const Tensor& boxes) {
  const auto c = widened(boxes).unbind(-1);
  return (c[2] - c[0]) * (c[3] - c[1]);
}

// Intersection over union of boxes (N, 4) with one (4), both XYXY of one type: (N).
Tensor overlap_with(const Tensor& boxes, const Tensor& box) {
  const auto corner = at::maximum(boxes.slice(-1, 0, 2), box.slice(-1, 0, 2));
  const auto opposite = at::minimum(boxes.slice(-1, 2, 4), box.slice(-1, 2, 4));
  const auto sides = widened(opposite - corner).clamp_min(0);
  const auto inside = sides.select(-1, 0) * sides.select(-1, 1);
  return inside / (area(boxes) + area(box) - inside);
}

}  // namespace

RandomZoomOut::RandomZoomOut(RandomZoomOutOptions options)
    : Sometimes("RandomZoomOut", options.p), options_(std::move(options)) {
  const auto [least, greatest] = options_.side_range;
  OPSIS_CHECK(least >= 1 && least <= greatest, "RandomZoomOut: side_range must be (least, greatest) from 1 on, got {}",
              detail::python(options_.side_range));
}

RandomZoomOut::Params RandomZoomOut::make_params(std::span<const Value> values) const {
  const auto [height, width] = query_size("RandomZoomOut", values);
  const float growth = between(options_.side_range.first, options_.side_range.second, random::uniform());
  const int64_t new_width = cut("RandomZoomOut", times(width, growth));
  const int64_t new_height = cut("RandomZoomOut", times(height, growth));
  const int64_t left = cut("RandomZoomOut", times(new_width - width, random::uniform()));
  const int64_t top = cut("RandomZoomOut", times(new_height - height, random::uniform()));
  return {{left, top, new_width - (left + width), new_height - (top + height)}};
}

Value RandomZoomOut::transform(const Value& value, const Params& params) const {
  const auto fill = options_.fill[value];
  return apply_kernel(value, [&](const auto& v) { return functional::pad(v, params.padding, fill); });
}

Value RandomZoomOut::inverse(const Value& value, const Params& params, Size source) const {
  OPSIS_CHECK(params.padding.size() == 4, "RandomZoomOut: a record must have 4 numbers of padding, got {}",
              params.padding.size());
  return detail::put_back(value, -params.padding.at(0), -params.padding.at(1), source);
}

std::string RandomZoomOut::repr() const {
  return detail::repr("RandomZoomOut", {{"p", detail::python(probability())},
                                        {"fill", options_.fill.repr()},
                                        {"side_range", detail::python(options_.side_range)}});
}

RandomIoUCrop::RandomIoUCrop(RandomIoUCropOptions options) : options_(std::move(options)) {}

RandomIoUCrop::Params RandomIoUCrop::make_params(std::span<const Value> values) const {
  const auto is = [&]<class Kind>(const Kind*) {
    return std::find_if(values.begin(), values.end(), [](const Value& v) { return std::holds_alternative<Kind>(v); });
  };
  const auto found = is(static_cast<const BoundingBoxes*>(nullptr));
  const bool has_pixels =
      is(static_cast<const Image*>(nullptr)) != values.end() || is(static_cast<const Video*>(nullptr)) != values.end();
  OPSIS_CHECK(found != values.end() && has_pixels,
              "RandomIoUCrop: the sample must have an image or a video, and bounding boxes");
  const auto [height, width] = query_size("RandomIoUCrop", values);
  const auto& boxes = std::get<BoundingBoxes>(*found);
  const auto& overlaps = options_.sampler_options;
  OPSIS_CHECK(!overlaps.empty(), "RandomIoUCrop: sampler_options must have a number, got none");
  const auto corners = functional::convert_bounding_box_format(boxes.data, boxes.format, BoundingBoxFormat::XYXY);
  const bool ends = std::any_of(overlaps.begin(), overlaps.end(), [](double overlap) { return overlap >= 1; });
  OPSIS_CHECK(ends || corners.size(0) > 0,
              "RandomIoUCrop: without boxes no crop fits; give an overlap of 1 in sampler_options");
  const auto c = corners.unbind(-1);
  const auto centre_x = (c[0] + c[2]) * 0.5, centre_y = (c[1] + c[3]) * 0.5;
  OPSIS_CHECK(ends || (centre_x.gt(0) & centre_x.lt(width) & centre_y.gt(0) & centre_y.lt(height)).any().item<bool>(),
              "RandomIoUCrop: no box has its centre on the sample of {}x{}, so no crop fits; give an overlap of 1 in "
              "sampler_options",
              height, width);

  // torchvision looks for ever, also where there is nothing to be found.
  constexpr int64_t enough = 100'000;
  for (int64_t tries = 0; ends || tries < enough; tries += std::max<int64_t>(options_.trials, 1)) {
    const double least = overlaps[static_cast<size_t>(random::integer(0, static_cast<int64_t>(overlaps.size())))];
    if (least >= 1) return {};
    for (int64_t trial = 0; trial < options_.trials; ++trial) {
      const float across = random::uniform(), down = random::uniform();
      const int64_t w = cut("RandomIoUCrop", times(width, between(options_.min_scale, options_.max_scale, across)));
      const int64_t h = cut("RandomIoUCrop", times(height, between(options_.min_scale, options_.max_scale, down)));
      OPSIS_CHECK(h != 0, "RandomIoUCrop: a crop must have a height; the sample {}x{} is too small for min_scale {}", width,
                  height, options_.min_scale);
      const double ratio = static_cast<double>(w) / static_cast<double>(h);
      if (!(options_.min_aspect_ratio <= ratio && ratio <= options_.max_aspect_ratio)) continue;

      const float from_left = random::uniform(), from_top = random::uniform();
      const int64_t left = cut("RandomIoUCrop", times(width - w, from_left));
      const int64_t top = cut("RandomIoUCrop", times(height - h, from_top));
      const int64_t right = left + w, bottom = top + h;
      if (left == right || top == bottom) continue;

      const auto within = centre_x.gt(left) & centre_x.lt(right) & centre_y.gt(top) & centre_y.lt(bottom);
      if (!within.any().item<bool>()) continue;
      const auto crop = at::tensor({left, top, right, bottom}, torch::kInt64).to(corners.options());
      const auto overlap = overlap_with(corners.index({within}), crop);
      if (overlap.max().lt(least).item<bool>()) continue;
      return {.crops = true, .region = {.top = top, .left = left, .height = h, .width = w}, .within = within};
    }
  }
  raise<ValueError>(
      "RandomIoUCrop: no crop fits after {} tries, with scales of [{}, {}], aspect ratios of [{}, {}] and overlaps of {}; give "
      "an overlap of 1 in sampler_options",
      enough, options_.min_scale, options_.max_scale, options_.min_aspect_ratio, options_.max_aspect_ratio,
      detail::python(overlaps));
}

Value RandomIoUCrop::transform(const Value& value, const Params& params) const {
  if (!params.crops) return value;
  auto out = apply_kernel(value, [&](const auto& v) { return functional::crop(v, params.region); });
  if (auto* boxes = std::get_if<BoundingBoxes>(&out)) {
    OPSIS_CHECK(boxes->data.size(0) == params.within.size(0),
                "RandomIoUCrop: all boxes must be as many as the first, {}, got {}", params.within.size(0),
                boxes->data.size(0));
    boxes->data = boxes->data.index_put({at::logical_not(params.within)}, at::tensor(0, boxes->data.options()));
  }
  return out;
}

Value RandomIoUCrop::inverse(const Value& value, const Params& params, Size source) const {
  return params.crops ? detail::put_back(value, params.region.left, params.region.top, source) : value;
}

detail::PixelSteps RandomIoUCrop::pixel_steps(const Params& params, Size) const {
  if (!params.crops) return std::vector<detail::PixelStep>();
  return {{detail::CropStep{params.region}}};
}

std::string RandomIoUCrop::repr() const {
  return detail::repr("RandomIoUCrop", {{"min_scale", detail::python(options_.min_scale)},
                                        {"max_scale", detail::python(options_.max_scale)},
                                        {"min_aspect_ratio", detail::python(options_.min_aspect_ratio)},
                                        {"max_aspect_ratio", detail::python(options_.max_aspect_ratio)},
                                        {"options", detail::python(options_.sampler_options)},
                                        {"trials", detail::python(options_.trials)}});
}

ResizeParams ScaleJitter::make_params(std::span<const Value> values) const {
  const auto [height, width] = query_size("ScaleJitter", values);
  const float scale = between(options_.scale_range.first, options_.scale_range.second, random::uniform());
  const double fit = std::min(static_cast<double>(target_size_.width) / static_cast<double>(height),
                              static_cast<double>(target_size_.height) / static_cast<double>(width));
  const float factor = static_cast<float>(fit) * scale;
  const int64_t new_width = cut("ScaleJitter", times(width, factor));
  return {{cut("ScaleJitter", times(height, factor)), new_width}};
}

Value ScaleJitter::transform(const Value& value, const Params& params) const { return resized(value, params.size, options_); }

Value ScaleJitter::inverse(const Value& value, const Params&, Size source) const {
  return resized(value, {source.height, source.width}, options_);
}

detail::PixelSteps ScaleJitter::pixel_steps(const Params& params, Size canvas) const {
  return resize_steps(params, canvas, options_);
}

std::string ScaleJitter::repr() const {
  return detail::repr("ScaleJitter", {{"target_size", detail::python(target_size_)},
                                      {"scale_range", detail::python(options_.scale_range)},
                                      {"interpolation", std::string(to_string(options_.interpolation))},
                                      {"antialias", detail::python(options_.antialias)}});
}

RandomShortestSize::RandomShortestSize(std::vector<int64_t> min_size, RandomShortestSizeOptions options)
    : min_size_(std::move(min_size)), options_(options) {
  OPSIS_CHECK(!min_size_.empty(), "RandomShortestSize: min_size must have a number, got none");
}

ResizeParams RandomShortestSize::make_params(std::span<const Value> values) const {
  const auto [height, width] = query_size("RandomShortestSize", values);
  const auto drawn = static_cast<size_t>(random::integer(0, static_cast<int64_t>(min_size_.size())));
  OPSIS_CHECK(height > 0 && width > 0, "RandomShortestSize: the sample must not be empty, got {}", Size{height, width});
  double factor = static_cast<double>(min_size_[drawn]) / static_cast<double>(std::min(height, width));
  if (options_.max_size) {
    factor = std::min(factor, static_cast<double>(*options_.max_size) / static_cast<double>(std::max(height, width)));
  }
  return {{cut("RandomShortestSize", static_cast<double>(height) * factor),
           cut("RandomShortestSize", static_cast<double>(width) * factor)}};
}

Value RandomShortestSize::transform(const Value& value, const Params& params) const {
  return resized(value, params.size, options_);
}

Value RandomShortestSize::inverse(const Value& value, const Params&, Size source) const {
  return resized(value, {source.height, source.width}, options_);
}

detail::PixelSteps RandomShortestSize::pixel_steps(const Params& params, Size canvas) const {
  return resize_steps(params, canvas, options_);
}

std::string RandomShortestSize::repr() const {
  return detail::repr("RandomShortestSize", {{"min_size", detail::python(min_size_)},
                                             {"max_size", detail::python(options_.max_size)},
                                             {"interpolation", std::string(to_string(options_.interpolation))},
                                             {"antialias", detail::python(options_.antialias)}});
}

ResizeParams RandomResize::make_params(std::span<const Value>) const {
  OPSIS_CHECK(min_size_ < max_size_, "RandomResize: min_size must be below max_size, got {} and {}", min_size_, max_size_);
  return {{random::integer(min_size_, max_size_)}};
}

Value RandomResize::transform(const Value& value, const Params& params) const { return resized(value, params.size, options_); }

Value RandomResize::inverse(const Value& value, const Params&, Size source) const {
  return resized(value, {source.height, source.width}, options_);
}

detail::PixelSteps RandomResize::pixel_steps(const Params& params, Size canvas) const {
  return resize_steps(params, canvas, options_);
}

std::string RandomResize::repr() const {
  return detail::repr("RandomResize", {{"min_size", detail::python(min_size_)},
                                       {"max_size", detail::python(max_size_)},
                                       {"interpolation", std::string(to_string(options_.interpolation))},
                                       {"antialias", detail::python(options_.antialias)}});
}

}  // namespace opsis::inline v1::transforms
