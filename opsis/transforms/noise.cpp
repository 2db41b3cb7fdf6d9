#include "opsis/transforms/noise.h"

#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {

Value GaussianNoise::transform(const Value& value) const {
  return apply_kernel<Image, Video>(value, [&](const auto& pixels) { return functional::gaussian_noise(pixels, options_); });
}

std::string GaussianNoise::repr() const {
  return detail::repr("GaussianNoise", {{"mean", detail::python(options_.mean)},
                                        {"sigma", detail::python(options_.sigma)},
                                        {"clip", detail::python(options_.clip)}});
}

}  // namespace opsis::inline v1::transforms
