#include "opsis/transforms/v1/resize.h"

#include <cmath>

#include "opsis/core/check.h"
#include "opsis/transforms/geometry.h"
#include "opsis/transforms/repr.h"
#include "opsis/transforms/v1/change_pixels.h"
#include "opsis/transforms/v1/functional.h"

namespace opsis::inline v1::transforms::v1 {
namespace {

// Python's round(x, 4)
double to_four_digits(double value) { return std::nearbyint(value * 1e4) / 1e4; }

std::string range_of(const std::pair<double, double>& range) {
  return detail::python_tuple(to_four_digits(range.first), to_four_digits(range.second));
}

}  // namespace

Resize::Resize(torch::IntArrayRef size, ResizeOptions options) : size_(size.vec()), options_(options) {
  OPSIS_CHECK(size_.size() == 1 || size_.size() == 2, "Resize: size must have 1 or 2 numbers, got {}", size_.size());
}

Value Resize::transform(const Value& value) const {
  return detail::change_pixels(value, [&](const torch::Tensor& image) { return functional::resize(image, size_, options_); });
}

Value Resize::inverse(const Value& value, Size source) const {
  return transforms::Resize(size_, options_).inverse(value, source);
}

std::string Resize::repr() const {
  return detail::repr("Resize", {{"size", size_.size() == 1 ? detail::python(size_[0]) : detail::python(size_)},
                                 {"interpolation", std::string(to_string(options_.interpolation))},
                                 {"max_size", options_.max_size ? detail::python(*options_.max_size) : "None"},
                                 {"antialias", detail::python(options_.antialias)}});
}

RandomResizedCrop::RandomResizedCrop(torch::IntArrayRef size, RandomResizedCropOptions options)
    : drawing_(size, options), size_{size.front(), size.back()}, options_(options) {}

Value RandomResizedCrop::transform(const Value& value, const Params& params) const {
  return detail::change_pixels(value, [&](const torch::Tensor& image) {
    return functional::resized_crop(image, params, size_,
                                    {.interpolation = options_.interpolation, .antialias = options_.antialias});
  });
}

std::string RandomResizedCrop::repr() const {
  return detail::repr("RandomResizedCrop", {{"size", detail::python_tuple(size_[0], size_[1])},
                                            {"scale", range_of(options_.scale)},
                                            {"ratio", range_of(options_.ratio)},
                                            {"interpolation", std::string(to_string(options_.interpolation))},
                                            {"antialias", detail::python(options_.antialias)}});
}

}  // namespace opsis::inline v1::transforms::v1
