// Resizing by the kernels of opsis/simd/resize.h. For Opsis's own sources.
#pragma once

#include <torch/types.h>

#include <optional>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/transforms/functional/interpolation.h"

namespace opsis::inline v1::transforms::detail {

/// (N, C, H, W) -> (N, C, size.height, size.width), to the bit what ATen gives; none for types, modes and layouts that have no
/// kernel here. Bilinear and bicubic for uint8, nearest and nearest-exact for every type; planes whose rows are contiguous, or
/// interleaved pixels, be they part of a larger picture. The result is contiguous for planes, else channels last.
OPSIS_API std::optional<torch::Tensor> resize_pixels(const torch::Tensor& images, Size size, InterpolationMode mode,
                                                     bool antialias);

}  // namespace opsis::inline v1::transforms::detail
