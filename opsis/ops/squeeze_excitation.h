// Squeeze and excitation: channels weighted by what the whole image shows. https://arxiv.org/abs/1709.01507, figure 1
#pragma once

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/pooling.h>
#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/ops/activation.h"
#include "opsis/ops/layer.h"

namespace opsis::inline v1::ops {

/// Shapes   (N, input_channels, H, W) -> the same
/// Source   torchvision.ops.SqueezeExcitation
class OPSIS_API SqueezeExcitationImpl : public torch::nn::Module {
 public:
  /// `activation` and `scale_activation` are delta and sigma of the paper's equation 3.
  SqueezeExcitationImpl(
      int64_t input_channels, int64_t squeeze_channels,
      const ActivationLayer& activation = [] { return ops::relu(/*inplace=*/false); },
      const ActivationLayer& scale_activation = ops::sigmoid);
  torch::Tensor forward(torch::Tensor x);

  torch::nn::AdaptiveAvgPool2d avgpool;
  torch::nn::Conv2d fc1, fc2;
  Layer activation, scale_activation;
};
TORCH_MODULE(SqueezeExcitation);

}  // namespace opsis::inline v1::ops
