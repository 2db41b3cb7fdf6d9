// Adding noise.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {

/// Of functional::gaussian_noise and GaussianNoise. Both numbers count in the whole range of pixels: 0.1 is 25.5 levels of uint8.
struct GaussianNoiseOptions {
  double mean = 0.0;
  double sigma = 0.1;
  bool clip = true;  ///< keeps pixels in their range; uint8 would wrap around else

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("mean", mean);
    visit("sigma", sigma);
    visit("clip", clip);
  }
};

namespace functional {

/// Adds noise, normally distributed, another in each pixel.
/// Shapes   any; the result has the same
/// Types    uint8 or floating point; the result has the same
/// Draws    torch.randn_like(image) from the current generator, of uint8 in float32: it is the one kernel that draws
/// Throws   ValueError for other types and for a negative sigma
/// Source   torchvision.transforms.v2.functional.gaussian_noise
OPSIS_API torch::Tensor gaussian_noise(const torch::Tensor& image, const GaussianNoiseOptions& options = {});
OPSIS_API Image gaussian_noise(const Image& image, const GaussianNoiseOptions& options = {});
OPSIS_API Video gaussian_noise(const Video& video, const GaussianNoiseOptions& options = {});

}  // namespace functional
}  // namespace opsis::inline v1::transforms
