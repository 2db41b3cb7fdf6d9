// Tensors whose numbers do not lie side by side.
#pragma once

#include <torch/torch.h>

namespace support {

/// The same numbers, with another between every two.
inline torch::Tensor scattered(const torch::Tensor& tensor) {
  const auto numbers = tensor.detach();
  return torch::stack({numbers, numbers}, -1).select(-1, 0);
}

}  // namespace support
