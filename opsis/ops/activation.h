// Activations as layers: those that LibTorch has as functions only, and makers of the usual ones.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/ops/layer.h"

namespace opsis::inline v1::ops {

/// x * sigmoid(x). LibTorch's has no way to work in place.
/// Source   torch.nn.SiLU
class OPSIS_API SiLUImpl : public torch::nn::Module {
 public:
  explicit SiLUImpl(bool inplace = false);
  torch::Tensor forward(torch::Tensor x);

 private:
  bool inplace_;
};
TORCH_MODULE(SiLU);

/// x * relu6(x + 3) / 6
/// Source   torch.nn.Hardswish
class OPSIS_API HardswishImpl : public torch::nn::Module {
 public:
  explicit HardswishImpl(bool inplace = false);
  torch::Tensor forward(torch::Tensor x);

 private:
  bool inplace_;
};
TORCH_MODULE(Hardswish);

/// relu6(x + 3) / 6
/// Source   torch.nn.Hardsigmoid
class OPSIS_API HardsigmoidImpl : public torch::nn::Module {
 public:
  explicit HardsigmoidImpl(bool inplace = false);
  torch::Tensor forward(torch::Tensor x);

 private:
  bool inplace_;
};
TORCH_MODULE(Hardsigmoid);

// In place, unless the name's argument says otherwise: what follows a convolution or a norm may write over its result.
OPSIS_API Layer relu(bool inplace = true);
OPSIS_API Layer relu6(bool inplace = true);
OPSIS_API Layer silu(bool inplace = true);
OPSIS_API Layer hardswish(bool inplace = true);
OPSIS_API Layer hardsigmoid(bool inplace = true);
OPSIS_API Layer gelu();     // it has no such form
OPSIS_API Layer sigmoid();  // likewise

}  // namespace opsis::inline v1::ops
