#include "opsis/transforms/letterbox.h"

#include <algorithm>
#include <cmath>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/crop.h"
#include "opsis/transforms/functional/dimensions.h"
#include "opsis/transforms/functional/pad.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/transforms/repr.h"
#include "opsis/transforms/settings.h"

namespace opsis::inline v1::transforms {
namespace {

int64_t scaled_side(int64_t side, double factor) {
  return std::max<int64_t>(std::llround(static_cast<double>(side) * factor), 1);
}

}  // namespace

Letterbox::Letterbox(torch::IntArrayRef size, LetterboxOptions options)
    : size_(detail::size_of_numbers("Letterbox", size)), options_(std::move(options)) {
  OPSIS_CHECK(size_.height > 0 && size_.width > 0, "Letterbox: size must be positive, got {}", size_);
  OPSIS_CHECK(options_.stride >= 0, "Letterbox: stride must be 0 or more, got {}", options_.stride);
}

Letterbox::Layout Letterbox::layout(Size canvas) const {
  OPSIS_CHECK(canvas.height > 0 && canvas.width > 0, "Letterbox: an empty picture has no ratio to keep, got {}", canvas);
  double factor = std::min(static_cast<double>(size_.height) / static_cast<double>(canvas.height),
                           static_cast<double>(size_.width) / static_cast<double>(canvas.width));
  if (!options_.scale_up) factor = std::min(factor, 1.0);
  const Size picture{std::min(scaled_side(canvas.height, factor), size_.height),
                     std::min(scaled_side(canvas.width, factor), size_.width)};
  auto rows = size_.height - picture.height, columns = size_.width - picture.width;
  if (options_.stride > 0) {
    rows %= options_.stride;
    columns %= options_.stride;
  }
  const auto top = options_.center ? rows / 2 : 0, left = options_.center ? columns / 2 : 0;
  return {.picture = picture, .left = left, .top = top, .right = columns - left, .bottom = rows - top};
}

Value Letterbox::transform(const Value& value) const {
  const auto fill = options_.fill[value];
  return apply_kernel(value, [&](const auto& v) {
    const auto to = layout(functional::get_size(v));
    const auto fitted = functional::resize(v, {to.picture.height, to.picture.width},
                                           {.interpolation = options_.interpolation, .antialias = options_.antialias});
    return functional::pad(fitted, {to.left, to.top, to.right, to.bottom}, fill);
  });
}

Value Letterbox::inverse(const Value& value, Size source) const {
  const auto from = layout(source);
  return apply_kernel(value, [&](const auto& v) {
    const auto picture =
        functional::crop(v, {.top = from.top, .left = from.left, .height = from.picture.height, .width = from.picture.width});
    return functional::resize(picture, {source.height, source.width},
                              {.interpolation = options_.interpolation, .antialias = options_.antialias});
  });
}

std::string Letterbox::repr() const {
  return detail::repr("Letterbox", {{"size", detail::python(size_)},
                                    {"fill", options_.fill.repr()},
                                    {"stride", detail::python(options_.stride)},
                                    {"scale_up", detail::python(options_.scale_up)},
                                    {"center", detail::python(options_.center)},
                                    {"interpolation", std::string(to_string(options_.interpolation))},
                                    {"antialias", detail::python(options_.antialias)}});
}

}  // namespace opsis::inline v1::transforms
