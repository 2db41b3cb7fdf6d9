// Where the pixels of a window stand to each other.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace opsis::inline v1::models::detail {

/// For every pair of pixels of a window, the row of a table that has one for each way they can stand to each other.
/// (height * width, height * width), int64
inline torch::Tensor relative_position_index(int64_t height, int64_t width) {
  const auto coords = torch::stack(torch::meshgrid({torch::arange(height), torch::arange(width)}, "ij")).flatten(1);
  const auto relative = coords.unsqueeze(2) - coords.unsqueeze(1);
  return (relative[0] + (height - 1)) * (2 * width - 1) + (relative[1] + (width - 1));
}

}  // namespace opsis::inline v1::models::detail
