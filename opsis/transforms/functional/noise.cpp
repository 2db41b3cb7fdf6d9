#include "opsis/transforms/functional/noise.h"

#include <ATen/ops/empty_like.h>

#include "opsis/core/random.h"
#include "opsis/transforms/functional/noise_bytes.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::functional {

torch::Tensor gaussian_noise(const torch::Tensor& image, const GaussianNoiseOptions& options) {
  OPSIS_CHECK(image.defined(), "gaussian_noise: the tensor is undefined");
  OPSIS_CHECK(!(options.sigma < 0), "gaussian_noise: sigma must not be negative, got {}", options.sigma);
  if (image.is_floating_point()) {
    const auto drawn = at::empty_like(image).normal_(0, 1, random::current());  // what randn_like does
    const auto noise = detail::times(drawn, options.sigma).add(detail::python_number(options.mean));
    const auto out = image + noise;
    return options.clip ? out.clamp(0, 1) : out;
  }
  OPSIS_CHECK(image.scalar_type() == torch::kUInt8, "gaussian_noise: the image must be uint8 or floating point, got {}",
              image.scalar_type());
  return detail::noisy_bytes(image, {options.sigma * 255, options.mean * 255, options.clip});
}

Image gaussian_noise(const Image& image, const GaussianNoiseOptions& options) {
  return wrap(gaussian_noise(image.data, options), image);
}
Video gaussian_noise(const Video& video, const GaussianNoiseOptions& options) {
  return wrap(gaussian_noise(video.data, options), video);
}

}  // namespace opsis::inline v1::transforms::functional
