#include "opsis/transforms/crop.h"

#include <algorithm>
#include <cmath>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/functional/pad.h"
#include "opsis/transforms/put_back.h"
#include "opsis/transforms/query.h"
#include "opsis/transforms/repr.h"
#include "opsis/transforms/settings.h"

namespace opsis::inline v1::transforms {
namespace {

// Python's round, which takes halves to the even number.
int64_t rounded(double value) {
  constexpr double longest = 1e18;  // longer than any side
  return static_cast<int64_t>(std::nearbyint(std::min(value, longest)));
}

bool pads_any(const std::vector<int64_t>& padding) {
  return std::any_of(padding.begin(), padding.end(), [](int64_t border) { return border != 0; });
}

}  // namespace

CenterCrop::CenterCrop(torch::IntArrayRef size) : size_(detail::size_of_numbers("CenterCrop", size)) {}

Value CenterCrop::transform(const Value& value) const {
  return apply_kernel(value, [&](const auto& v) { return functional::center_crop(v, {size_.height, size_.width}); });
}

Value CenterCrop::inverse(const Value& value, Size source) const {
  const bool points = std::holds_alternative<BoundingBoxes>(value) || std::holds_alternative<KeyPoints>(value);
  const auto region = points ? detail::center_region_of_points(source, size_) : detail::center_region_of_pixels(source, size_);
  return detail::put_back(value, region.left, region.top, source);
}

detail::PixelSteps CenterCrop::pixel_steps(Size canvas) const {
  return {{detail::CropStep{detail::center_region_of_pixels(canvas, size_)}}};
}

std::string CenterCrop::repr() const { return detail::repr("CenterCrop", {{"size", detail::python(size_)}}); }

RandomCrop::RandomCrop(torch::IntArrayRef size, RandomCropOptions options)
    : size_(detail::size_of_numbers("RandomCrop", size)), options_(std::move(options)) {
  if (!options_.padding.empty()) detail::borders("RandomCrop", options_.padding);
}

RandomCrop::Params RandomCrop::make_params(std::span<const Value> values) const {
  auto canvas = query_size("RandomCrop", values);
  auto padding = options_.padding.empty() ? detail::Borders{0, 0, 0, 0} : detail::borders("RandomCrop", options_.padding);
  canvas.height += padding.top + padding.bottom;
  canvas.width += padding.left + padding.right;
  if (options_.pad_if_needed) {
    const auto rows = std::max<int64_t>(size_.height - canvas.height, 0);
    const auto columns = std::max<int64_t>(size_.width - canvas.width, 0);
    padding.top += rows, padding.bottom += rows, canvas.height += 2 * rows;
    padding.left += columns, padding.right += columns, canvas.width += 2 * columns;
  }
  const auto spare_rows = canvas.height - size_.height, spare_columns = canvas.width - size_.width;
  if (spare_rows < 0 || spare_columns < 0) {
    raise_with<ValueError>(WayOut::PadIfNeeded, "pass .pad_if_needed = true",
                           "RandomCrop: the size {} must not exceed the (padded) sample's, got {}", size_, canvas);
  }

  Params params{.padding = {padding.left, padding.top, padding.right, padding.bottom},
                .region = {.top = 0, .left = 0, .height = size_.height, .width = size_.width},
                .crops = spare_rows > 0 || spare_columns > 0};
  if (spare_rows > 0) params.region.top = random::integer(0, spare_rows + 1);
  if (spare_columns > 0) params.region.left = random::integer(0, spare_columns + 1);
  return params;
}

Value RandomCrop::transform(const Value& value, const Params& params) const {
  const bool pads = pads_any(params.padding);
  const auto fill = options_.fill[value];
  return apply_kernel(value, [&](const auto& v) {
    auto out = pads ? functional::pad(v, params.padding, fill, options_.padding_mode) : v;
    return params.crops ? functional::crop(out, params.region) : out;
  });
}

Value RandomCrop::inverse(const Value& value, const Params& params, Size source) const {
  // The padding's corner lies at minus its size on the source.
  OPSIS_CHECK(params.padding.size() == 4, "RandomCrop: a record must have 4 numbers of padding, got {}", params.padding.size());
  const auto region = params.crops ? params.region : functional::Region{};
  return detail::put_back(value, region.left - params.padding.at(0), region.top - params.padding.at(1), source);
}

detail::PixelSteps RandomCrop::pixel_steps(const Params& params, Size) const {
  if (pads_any(params.padding)) return std::nullopt;
  if (!params.crops) return std::vector<detail::PixelStep>();
  return {{detail::CropStep{params.region}}};
}

std::string RandomCrop::repr() const {
  std::string padding;
  if (!options_.padding.empty()) {
    const auto b = detail::borders("RandomCrop", options_.padding);
    padding = detail::python(std::vector<int64_t>{b.left, b.right, b.top, b.bottom});  // the order torchvision keeps
  }
  return detail::repr("RandomCrop", {{"size", detail::python(size_)},
                                     {"padding", padding},
                                     {"pad_if_needed", detail::python(options_.pad_if_needed)},
                                     {"fill", options_.fill.repr()},
                                     {"padding_mode", std::string(to_string(options_.padding_mode))}});
}

RandomResizedCrop::RandomResizedCrop(torch::IntArrayRef size, RandomResizedCropOptions options)
    : size_(detail::size_of_numbers("RandomResizedCrop", size)), options_(options) {
  const auto [least, greatest] = options_.ratio;
  // Less than 0 has no root, and 0 no logarithm.
  OPSIS_CHECK(
      0 <= options_.scale.first && options_.scale.first <= options_.scale.second && std::isfinite(options_.scale.second),
      "RandomResizedCrop: scale must be (least, greatest) from 0 on, got {}", detail::python(options_.scale));
  OPSIS_CHECK(0 < least && least <= greatest && std::isfinite(greatest),
              "RandomResizedCrop: ratio must be (least, greatest) above 0, got {}", detail::python(options_.ratio));
  least_log_ratio_ = detail::log_in_float(least);
  greatest_log_ratio_ = detail::log_in_float(greatest);
}

RandomResizedCrop::Params RandomResizedCrop::make_params(std::span<const Value> values) const {
  const auto [height, width] = query_size("RandomResizedCrop", values);
  const auto area = static_cast<double>(height * width);
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target_area = area * random::uniform(options_.scale.first, options_.scale.second);
    const double ratio = detail::exp_in_float(random::uniform(least_log_ratio_, greatest_log_ratio_));
    const int64_t w = rounded(std::sqrt(target_area * ratio));
    const int64_t h = rounded(std::sqrt(target_area / ratio));
    if (0 < w && w <= width && 0 < h && h <= height) {
      const auto top = random::integer(0, height - h + 1);  // before left: a call's arguments have no order
      return {.top = top, .left = random::integer(0, width - w + 1), .height = h, .width = w};
    }
  }

  // The largest middle part whose ratio is allowed.
  int64_t h = height, w = width;
  const double ratio = static_cast<double>(width) / static_cast<double>(height);
  if (ratio < options_.ratio.first) h = rounded(static_cast<double>(w) / options_.ratio.first);
  if (ratio > options_.ratio.second) w = rounded(static_cast<double>(h) * options_.ratio.second);
  return {.top = (height - h) / 2, .left = (width - w) / 2, .height = h, .width = w};
}

Value RandomResizedCrop::transform(const Value& value, const Params& params) const {
  return apply_kernel(value, [&](const auto& v) {
    return functional::resized_crop(v, params, {size_.height, size_.width},
                                    {.interpolation = options_.interpolation, .antialias = options_.antialias});
  });
}

Value RandomResizedCrop::inverse(const Value& value, const Params& params, Size source) const {
  const auto cut = apply_kernel(value, [&](const auto& v) {
    return functional::resize(v, {params.height, params.width},
                              {.interpolation = options_.interpolation, .antialias = options_.antialias});
  });
  return detail::put_back(cut, params.left, params.top, source);
}

detail::PixelSteps RandomResizedCrop::pixel_steps(const Params& params, Size) const {
  return {{detail::CropStep{params}, detail::ResizeStep{size_, options_.interpolation, options_.antialias}}};
}

std::string RandomResizedCrop::repr() const {
  return detail::repr("RandomResizedCrop", {{"size", detail::python(size_)},
                                            {"scale", detail::python(options_.scale)},
                                            {"ratio", detail::python(options_.ratio)},
                                            {"interpolation", std::string(to_string(options_.interpolation))},
                                            {"antialias", detail::python(options_.antialias)}});
}

}  // namespace opsis::inline v1::transforms
