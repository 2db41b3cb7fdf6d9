// Kernels of torchvision's first transforms whose bytes are not those of v2: images alone.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms::v1::functional {

/// As transforms::functional::resize, but every type other than float32 and float64, uint8 too, goes by way of float32.
/// Source   torchvision.transforms.functional.resize
OPSIS_API torch::Tensor resize(const torch::Tensor& image, torch::IntArrayRef size, const ResizeOptions& options = {});

/// As transforms::functional::convert_image_dtype, but from integers to floating point it divides.
/// Source   torchvision.transforms.functional.convert_image_dtype
OPSIS_API torch::Tensor convert_image_dtype(const torch::Tensor& image, torch::ScalarType dtype = torch::kFloat32);

/// The luma of BT.601, which is rounded down to the image's type.
/// Shapes   (..., 1 or 3, H, W) -> (..., num_output_channels, H, W)
/// Throws   ValueError for another number of channels, in or out
/// Source   torchvision.transforms.functional.rgb_to_grayscale
OPSIS_API torch::Tensor rgb_to_grayscale(const torch::Tensor& image, int64_t num_output_channels = 1);

/// As those of transforms::functional, each blended as factor * image + (1 - factor) * other.
/// Throws   ValueError for another number of channels than 1 and 3 and for a negative factor
/// Source   torchvision.transforms.functional.adjust_contrast, adjust_saturation and adjust_sharpness
OPSIS_API torch::Tensor adjust_contrast(const torch::Tensor& image, double contrast_factor);
OPSIS_API torch::Tensor adjust_saturation(const torch::Tensor& image, double saturation_factor);
OPSIS_API torch::Tensor adjust_sharpness(const torch::Tensor& image, double sharpness_factor);

/// As transforms::functional::autocontrast, but levels are multiplied where that divides.
/// Throws   ValueError for another number of channels than 1 and 3
/// Source   torchvision.transforms.functional.autocontrast
OPSIS_API torch::Tensor autocontrast(const torch::Tensor& image);

/// As those of transforms::functional, of uint8 alone.
/// Throws   ValueError for other types, and for another number of channels than 1 and 3
/// Source   torchvision.transforms.functional.posterize and equalize
OPSIS_API torch::Tensor posterize(const torch::Tensor& image, int64_t bits);
OPSIS_API torch::Tensor equalize(const torch::Tensor& image);

}  // namespace opsis::inline v1::transforms::v1::functional
