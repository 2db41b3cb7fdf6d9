// Layers on tensors of the meta device: LibTorch computes shapes of convolutions, batch norms and ReLU in Python alone. For Opsis's
// own sources.
#pragma once

#include <torch/types.h>

#include <optional>

#include "opsis/ops/layer.h"

namespace opsis::inline v1::ops::detail {

/// What `layer` gives of `x`, which is of the meta device; none for layers that LibTorch can tell of by itself.
/// Throws   ValueError for a convolution or a norm of other channels or axes, of another type, or larger than `x` is
std::optional<torch::Tensor> meta_result(const torch::nn::Module& layer, const torch::Tensor& x);

/// layer(x), on the meta device too.
inline torch::Tensor run(const Layer& layer, torch::Tensor x) {
  if (x.is_meta()) [[unlikely]] {
    if (auto result = meta_result(*layer.module(), x)) return *result;
  }
  return layer(std::move(x));
}

/// The same of a holder such as torch::nn::Conv2d.
template <class Holder>
torch::Tensor run_held(Holder& layer, const torch::Tensor& x) {
  if (x.is_meta()) [[unlikely]] {
    if (auto result = meta_result(*layer, x)) return *result;
  }
  return layer(x);
}

}  // namespace opsis::inline v1::ops::detail
