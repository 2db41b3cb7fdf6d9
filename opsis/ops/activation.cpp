#include "opsis/ops/activation.h"

#include <torch/nn/modules/activation.h>

namespace opsis::inline v1::ops {

SiLUImpl::SiLUImpl(bool inplace) : torch::nn::Module("SiLU"), inplace_(inplace) {}
HardswishImpl::HardswishImpl(bool inplace) : torch::nn::Module("Hardswish"), inplace_(inplace) {}
HardsigmoidImpl::HardsigmoidImpl(bool inplace) : torch::nn::Module("Hardsigmoid"), inplace_(inplace) {}

torch::Tensor SiLUImpl::forward(torch::Tensor x) { return inplace_ ? torch::silu_(x) : torch::silu(x); }
torch::Tensor HardswishImpl::forward(torch::Tensor x) { return inplace_ ? torch::hardswish_(x) : torch::hardswish(x); }
torch::Tensor HardsigmoidImpl::forward(torch::Tensor x) { return inplace_ ? torch::hardsigmoid_(x) : torch::hardsigmoid(x); }

Layer relu(bool inplace) { return torch::nn::ReLU(torch::nn::ReLUOptions(inplace)); }
Layer relu6(bool inplace) { return torch::nn::ReLU6(torch::nn::ReLU6Options(inplace)); }
Layer silu(bool inplace) { return SiLU(inplace); }
Layer hardswish(bool inplace) { return Hardswish(inplace); }
Layer hardsigmoid(bool inplace) { return Hardsigmoid(inplace); }
Layer gelu() { return torch::nn::GELU(); }
Layer sigmoid() { return torch::nn::Sigmoid(); }

}  // namespace opsis::inline v1::ops
