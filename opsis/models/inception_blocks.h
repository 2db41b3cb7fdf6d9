// What GoogLeNet and Inception v3 have in common.
#pragma once

#include <torch/expanding_array.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/types.h>

#include <optional>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/settle.h"

namespace opsis::inline v1::models::detail {

/// Convolution, batch norm, ReLU.
class BasicConv2dImpl : public torch::nn::Module {
 public:
  BasicConv2dImpl(int64_t in, int64_t out, torch::ExpandingArray<2> kernel, torch::ExpandingArray<2> padding = 0,
                  int64_t stride = 1)
      : torch::nn::Module("BasicConv2d"),
        conv(register_module(
            "conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(padding).bias(false)))),
        bn(register_module("bn", torch::nn::BatchNorm2d(torch::nn::BatchNorm2dOptions(out).eps(0.001)))) {}

  torch::Tensor forward(torch::Tensor x) { return bn(conv(x)).relu_(); }

  Observed<torch::nn::Conv2d> conv;
  Observed<torch::nn::BatchNorm2d> bn;
};
using BasicConv2d = Observed<torch::nn::ModuleHolder<BasicConv2dImpl>>;

/// Likewise, of a convolution with these options.
inline Layer basic_conv_2d(const torch::nn::Conv2dOptions& o) {
  return BasicConv2d(o.in_channels(), o.out_channels(), o.kernel_size(), std::get<torch::ExpandingArray<2>>(o.padding()),
                     o.stride()->front());
}

/// From ImageNet's mean and deviation to 0.5 and 0.5, which the ported weights were trained on.
inline torch::Tensor normalised_by_halves(const torch::Tensor& x) {
  const auto channel = [&](int64_t index, double deviation, double mean) {
    return x.select(1, index).unsqueeze(1) * (deviation / 0.5) + (mean - 0.5) / 0.5;
  };
  return torch::cat({channel(0, 0.229, 0.485), channel(1, 0.224, 0.456), channel(2, 0.225, 0.406)}, 1);
}

}  // namespace opsis::inline v1::models::detail
