// What the Swin transformers of images and of videos share. Pixels are (N, ..., H, W, C).
#pragma once

#include <torch/nn/functional/padding.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/linear.h>

#include <functional>

#include "opsis/models/initialise.h"
#include "opsis/models/layer.h"
#include "opsis/models/swin_transformer.h"
#include "opsis/ops/mlp.h"
#include "opsis/ops/stochastic_depth.h"

namespace opsis::inline v1::models::detail {

// Fewer, wider pixels: each takes its three neighbours in.
class PatchMergingImpl : public torch::nn::Module {
 public:
  PatchMergingImpl(int64_t dim, SwinVersion version, const NormLayer& norm_layer)
      : torch::nn::Module(version == SwinVersion::V1 ? "PatchMerging" : "PatchMergingV2"), version_(version) {
    reduction = register_module("reduction", torch::nn::Linear(torch::nn::LinearOptions(4 * dim, 2 * dim).bias(false)));
    norm = register_layer(*this, "norm", norm_layer(version == SwinVersion::V1 ? 4 * dim : 2 * dim));
  }

  torch::Tensor forward(torch::Tensor x) {
    const auto height = x.size(-3), width = x.size(-2);
    x = torch::nn::functional::pad(x, torch::nn::functional::PadFuncOptions({0, 0, 0, width % 2, 0, height % 2}));
    const auto every_second = [&](int64_t y, int64_t from) {
      return x.slice(-3, y, std::nullopt, 2).slice(-2, from, std::nullopt, 2);
    };
    x = torch::cat({every_second(0, 0), every_second(1, 0), every_second(0, 1), every_second(1, 1)}, -1);
    return version_ == SwinVersion::V1 ? reduction(norm(x)) : norm(reduction(x));
  }

 private:
  SwinVersion version_;
  Observed<torch::nn::Linear> reduction{nullptr};
  Layer norm;
};
TORCH_MODULE(PatchMerging);

// Attention and a perceptron, each around a residual.
class SwinTransformerBlockImpl : public torch::nn::Module {
 public:
  SwinTransformerBlockImpl(int64_t dim, SwinVersion version, const std::function<Layer()>& attention, double mlp_ratio,
                           double dropout, double stochastic_depth_prob, const NormLayer& norm)
      : torch::nn::Module(version == SwinVersion::V1 ? "SwinTransformerBlock" : "SwinTransformerBlockV2"), version_(version) {
    norm1 = register_layer(*this, "norm1", norm(dim));
    attn = register_layer(*this, "attn", attention());
    stochastic_depth = register_module("stochastic_depth", ops::StochasticDepth(stochastic_depth_prob, "row"));
    norm2 = register_layer(*this, "norm2", norm(dim));
    const auto hidden = static_cast<int64_t>(static_cast<double>(dim) * mlp_ratio);
    mlp = register_module("mlp", ops::MLP(dim, {hidden, dim}, {.activation_layer = ops::gelu, .dropout = dropout}));
    initialise(
        *mlp, [](torch::nn::Conv2dImpl&) {},
        [](torch::nn::LinearImpl& linear) {
          torch::nn::init::xavier_uniform_(linear.weight);
          torch::nn::init::normal_(linear.bias, 0, 1e-6);
        });
  }

  torch::Tensor forward(torch::Tensor x) {
    if (version_ == SwinVersion::V1) {
      x = x + stochastic_depth(attn(norm1(x)));
      return x + stochastic_depth(mlp(norm2(x)));
    }
    x = x + stochastic_depth(norm1(attn(x)));
    return x + stochastic_depth(norm2(mlp(x)));
  }

 private:
  SwinVersion version_;
  Layer norm1, attn;
  ops::StochasticDepth stochastic_depth{nullptr};
  Layer norm2;
  ops::MLP mlp{nullptr};
};
TORCH_MODULE(SwinTransformerBlock);

}  // namespace opsis::inline v1::models::detail
