// Warps of bytes by the kernel of opsis/simd/warp.h. For warp.cpp.
#pragma once

#include <torch/types.h>

#include <optional>

#include "opsis/transforms/functional/fill.h"
#include "opsis/transforms/functional/interpolation.h"

namespace opsis::inline v1::transforms::detail {

/// Where each pixel of a result lies in the image, in grid_sample's coordinates, before it is written out for every pixel.
struct WarpGrid {
  torch::Tensor x, y;          ///< of each column and of each row
  torch::Tensor above;         ///< (1, 3, 2), the factor of rows (x, y, 1); undefined: the place is (x, y) itself
  torch::Tensor below;         ///< likewise, what divides; 1 is then taken off. Undefined: none
  torch::Tensor displacement;  ///< (1, height, width, 2), is added. Undefined: none

  /// Written out: (1, height, width, 2), in torchvision's order of operations.
  torch::Tensor places() const;
};

/// The image at the places of the grid with the bytes that ATen's grid_sample gives, or none when it is not for the kernel: it
/// takes uint8, for nearest also int8 and bool, with fills that these can hold.
std::optional<torch::Tensor> warp_bytes(const torch::Tensor& image, const WarpGrid& grid, InterpolationMode interpolation,
                                        const Fill& fill);

}  // namespace opsis::inline v1::transforms::detail
