// How parameters begin, in torchvision's order of draws.
#pragma once

#include <torch/nn/init.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/types.h>

#include "opsis/core/api.h"

namespace opsis::inline v1::models::detail {

/// Normal numbers, drawn again where they are not in [a, b]; gives the tensor back.
/// Draws    those of torch.nn.init.trunc_normal_, which has two ways: by rejection where at least 0.3 of the normal distribution
///          is in the interval, else from uniform numbers
OPSIS_API torch::Tensor trunc_normal_(torch::Tensor tensor, double mean = 0, double std = 1, double a = -2, double b = 2);

/// Goes through the modules below `model`, parents first as Python does: what is a convolution goes to `conv`, a linear layer to
/// `linear`; batch and group norms begin as the identity.
template <class Conv, class Linear>
void initialise(torch::nn::Module& model, Conv&& conv, Linear&& linear) {
  namespace init = torch::nn::init;
  for (const auto& module : model.modules(/*include_self=*/false)) {  // it is not in a shared_ptr yet
    if (auto* as_conv = module->as<torch::nn::Conv2d>()) {
      conv(*as_conv);
    } else if (auto* as_batch_norm = module->as<torch::nn::BatchNorm2d>()) {
      if (as_batch_norm->weight.defined()) init::ones_(as_batch_norm->weight);
      if (as_batch_norm->bias.defined()) init::zeros_(as_batch_norm->bias);
    } else if (auto* as_group_norm = module->as<torch::nn::GroupNorm>()) {
      if (as_group_norm->weight.defined()) init::ones_(as_group_norm->weight);
      if (as_group_norm->bias.defined()) init::zeros_(as_group_norm->bias);
    } else if (auto* as_linear = module->as<torch::nn::Linear>()) {
      linear(*as_linear);
    }
  }
}

/// The most usual beginning of a convolution: what it puts out has the variance of what came in to a ReLU, no bias.
inline void kaiming_fan_out(torch::nn::Conv2dImpl& conv) {
  torch::nn::init::kaiming_normal_(conv.weight, 0, torch::kFanOut);
  if (conv.bias.defined()) torch::nn::init::zeros_(conv.bias);
}

/// And of a linear layer: small numbers, no bias.
inline void small_normal(torch::nn::LinearImpl& linear) {
  torch::nn::init::normal_(linear.weight, 0, 0.01);
  if (linear.bias.defined()) torch::nn::init::zeros_(linear.bias);
}

}  // namespace opsis::inline v1::models::detail
