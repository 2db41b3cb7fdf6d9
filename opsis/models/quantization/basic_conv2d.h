// What quantizable GoogLeNet and Inception v3 have in common. For Opsis's own sources.
#pragma once

#include <torch/expanding_array.h>

#include "opsis/models/quantization/family.h"

namespace opsis::inline v1::models::quantization::detail {

/// Convolution, batch norm, ReLU.
class BasicConv2dImpl final : public Block {
 public:
  BasicConv2dImpl(int64_t in, int64_t out, torch::ExpandingArray<2> kernel, torch::ExpandingArray<2> padding = 0,
                  int64_t stride = 1)
      : Block("QuantizableBasicConv2d") {
    add("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(padding).bias(false)));
    add("bn", torch::nn::BatchNorm2d(torch::nn::BatchNorm2dOptions(out).eps(0.001)));
    add("relu", relu());
  }

  torch::Tensor forward(torch::Tensor x) { return run("relu", run("bn", run("conv", std::move(x)))); }
  void fuse_model() { fuse(*this, {"conv", "bn", "relu"}); }
};
TORCH_MODULE(BasicConv2d);

/// Folds every BasicConv2d below the module.
inline void fuse_convolutions(torch::nn::Module& model) {
  for (const auto& module : model.modules(/*include_self=*/false)) {
    if (auto* conv = module->as<BasicConv2dImpl>()) conv->fuse_model();
  }
}

}  // namespace opsis::inline v1::models::quantization::detail
