// The channels that kernels of colour take. For Opsis's own sources.
#pragma once

#include <torch/types.h>

#include <string_view>

#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::detail {

/// Throws ValueError, in the words of the function `where`, unless the tensor is (..., 1 or 3, H, W).
inline void check_gray_or_rgb(std::string_view where, const torch::Tensor& image) {
  check_dims(where, image, 3);
  const auto channels = image.size(-3);
  OPSIS_CHECK(channels == 1 || channels == 3, "{}: the image must have 1 or 3 channels, got {}", where,
              opsis::detail::shape(image));
}

/// Throws ValueError, in the words of the function `where`, when the factor is negative.
inline void check_not_negative(std::string_view where, std::string_view name, double factor) {
  OPSIS_CHECK(!(factor < 0), "{}: {} must not be negative, got {}", where, name, factor);
}

/// Throws ValueError, in the words of the function `where`, for a type that does not come back from float32.
inline void check_held_by_float(std::string_view where, torch::ScalarType type) {
  OPSIS_CHECK(type != torch::kInt32 && type != torch::kInt64, "{}: float32 does not hold all numbers of {}", where, type);
}

/// The luma of BT.601, (..., 1, H, W): of integers in float32 and not yet rounded, in torchvision's order.
torch::Tensor luma(const torch::Tensor& rgb);

}  // namespace opsis::inline v1::transforms::detail
