#include "opsis/transforms/v1/color.h"

#include <limits>

#include "opsis/core/check.h"
#include "opsis/transforms/repr.h"
#include "opsis/transforms/v1/change_pixels.h"
#include "opsis/transforms/v1/functional.h"

namespace opsis::inline v1::transforms::v1 {
namespace {

using detail::change_pixels;
using detail::python;
using torch::Tensor;

std::string jitter_of(const Jitter& jitter, double middle, double greatest, bool from_zero) {
  const auto range = jitter.range("ColorJitter", "factor", middle, {middle == 0 ? -greatest : 0, greatest}, from_zero);
  return range ? detail::python_tuple(range->first, range->second) : "None";
}

std::string of_p(std::string_view name, double p) { return detail::repr(name, {{"p", python(p)}}); }

// As torchvision prints two of them, without a space between.
std::string of_two(std::string_view name, std::string_view attribute, const std::string& value, double p) {
  return std::string(name) + "(" + std::string(attribute) + "=" + value + ",p=" + python(p) + ")";
}

}  // namespace

ColorJitter::ColorJitter(ColorJitterOptions options) : drawing_(options), options_(options) {}

Value ColorJitter::transform(const Value& value, const Params& params) const {
  using Adjust = Tensor (*)(const Tensor&, double);
  constexpr Adjust adjust[] = {functional::adjust_brightness, functional::adjust_contrast, functional::adjust_saturation,
                               functional::adjust_hue};
  const std::optional<double> factors[] = {params.brightness, params.contrast, params.saturation, params.hue};
  return change_pixels(value, [&](Tensor pixels) {
    for (const auto which : params.order) {
      OPSIS_CHECK(which >= 0 && which < 4, "ColorJitter: order must be of numbers from 0 to 3, got {}", which);
      if (factors[which]) pixels = adjust[which](pixels, *factors[which]);
    }
    return pixels;
  });
}

std::string ColorJitter::repr() const {
  constexpr double without_end = std::numeric_limits<double>::infinity();
  return detail::repr("ColorJitter", {{"brightness", jitter_of(options_.brightness, 1, without_end, true)},
                                      {"contrast", jitter_of(options_.contrast, 1, without_end, true)},
                                      {"saturation", jitter_of(options_.saturation, 1, without_end, true)},
                                      {"hue", jitter_of(options_.hue, 0, 0.5, false)}});
}

Value Grayscale::transform(const Value& value) const {
  return change_pixels(value, [&](const Tensor& image) { return functional::rgb_to_grayscale(image, num_output_channels_); });
}

std::string Grayscale::repr() const {
  return detail::repr("Grayscale", {{"num_output_channels", python(num_output_channels_)}});
}

Value RandomGrayscale::transform(const Value& value) const {
  return change_pixels(value, [&](const Tensor& image) {
    return functional::rgb_to_grayscale(image, functional::get_dimensions(image).channels);
  });
}

std::string RandomGrayscale::repr() const { return of_p("RandomGrayscale", probability()); }

Value RandomInvert::transform(const Value& value) const { return change_pixels(value, functional::invert); }

std::string RandomInvert::repr() const { return of_p("RandomInvert", probability()); }

Value RandomPosterize::transform(const Value& value) const {
  return change_pixels(value, [&](const Tensor& image) { return functional::posterize(image, bits_); });
}

std::string RandomPosterize::repr() const { return of_two("RandomPosterize", "bits", python(bits_), probability()); }

Value RandomSolarize::transform(const Value& value) const {
  return change_pixels(value, [&](const Tensor& image) { return functional::solarize(image, threshold_); });
}

std::string RandomSolarize::repr() const { return of_two("RandomSolarize", "threshold", python(threshold_), probability()); }

Value RandomAdjustSharpness::transform(const Value& value) const {
  return change_pixels(value, [&](const Tensor& image) { return functional::adjust_sharpness(image, sharpness_factor_); });
}

std::string RandomAdjustSharpness::repr() const {
  return of_two("RandomAdjustSharpness", "sharpness_factor", python(sharpness_factor_), probability());
}

Value RandomAutocontrast::transform(const Value& value) const { return change_pixels(value, functional::autocontrast); }

std::string RandomAutocontrast::repr() const { return of_p("RandomAutocontrast", probability()); }

Value RandomEqualize::transform(const Value& value) const { return change_pixels(value, functional::equalize); }

std::string RandomEqualize::repr() const { return of_p("RandomEqualize", probability()); }

}  // namespace opsis::inline v1::transforms::v1
