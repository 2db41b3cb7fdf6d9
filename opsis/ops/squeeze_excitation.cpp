#include "opsis/ops/squeeze_excitation.h"

#include "opsis/ops/meta_layers.h"

namespace opsis::inline v1::ops {

using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;

SqueezeExcitationImpl::SqueezeExcitationImpl(int64_t input_channels, int64_t squeeze_channels,
                                             const ActivationLayer& activation_layer,
                                             const ActivationLayer& scale_activation_layer)
    : torch::nn::Module("SqueezeExcitation"),
      avgpool(register_module("avgpool", torch::nn::AdaptiveAvgPool2d(1))),
      fc1(register_module("fc1", Conv2d(Conv2dOptions(input_channels, squeeze_channels, 1)))),
      fc2(register_module("fc2", Conv2d(Conv2dOptions(squeeze_channels, input_channels, 1)))),
      activation(register_layer(*this, "activation", activation_layer())),
      scale_activation(register_layer(*this, "scale_activation", scale_activation_layer())) {}

torch::Tensor SqueezeExcitationImpl::forward(torch::Tensor x) {
  using detail::run, detail::run_held;
  return run(scale_activation, run_held(fc2, run(activation, run_held(fc1, avgpool(x))))) * x;
}

}  // namespace opsis::inline v1::ops
