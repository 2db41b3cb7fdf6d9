// Blurring.
#pragma once

#include <torch/types.h>

#include <vector>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {

/// Of functional::gaussian_blur.
struct GaussianBlurOptions {
  std::vector<double> sigma{};  ///< horizontal and vertical, or one for both; empty: 0.15 * kernel size + 0.35
  /// Sums each pixel in the order of LibTorch's convolution, as torchvision does: twenty times slower, and the same but for a
  /// level in about one of 50,000 pixels of uint8, whose sum is almost halfway between two levels.
  bool exact = false;
};

namespace functional {

/// Blurs by a Gaussian of width and height kernel_size (one number: a square). The borders are reflected.
///     gaussian_blur(image, {5})
///     gaussian_blur(image, {5, 3}, {.sigma = {1.5}})
/// Shapes   (..., C, H, W); the result has the same
/// Types    any; the result has the same
/// Memory   the input itself when it has no pixel
/// Throws   ValueError for a kernel_size that has not 1 or 2 numbers, odd and positive; for a sigma that has more than 2, or that is
///          not positive; and when half the kernel is not less than the image's side
/// Differs  a uint8 pixel in about 50,000 by one level, unless options.exact
/// Source   torchvision.transforms.v2.functional.gaussian_blur
OPSIS_API torch::Tensor gaussian_blur(const torch::Tensor& image, torch::IntArrayRef kernel_size,
                                      const GaussianBlurOptions& options = {});
OPSIS_API Image gaussian_blur(const Image& image, torch::IntArrayRef kernel_size, const GaussianBlurOptions& options = {});
OPSIS_API Video gaussian_blur(const Video& video, torch::IntArrayRef kernel_size, const GaussianBlurOptions& options = {});

}  // namespace functional
}  // namespace opsis::inline v1::transforms
