#include "opsis/models/video/mvit.h"

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/modules/pooling.h>

#include <cmath>
#include <functional>
#include <numeric>

#include "opsis/models/builders.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/linear.h"
#include "opsis/ops/mlp.h"
#include "opsis/ops/norm.h"
#include "opsis/ops/stochastic_depth.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::video {
namespace mvit {

using ops::Linear;
using torch::Tensor;
using Triple = std::array<int64_t, 3>;  // frames, rows, columns
using Pooled = std::pair<Tensor, Triple>;

int64_t product(const std::vector<int64_t>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), int64_t{1}, std::multiplies<>());
}

torch::ExpandingArray<3> expanded(const std::vector<int64_t>& numbers) { return {torch::IntArrayRef(numbers)}; }

std::vector<int64_t> halves(std::vector<int64_t> kernel) {
  for (auto& side : kernel) side /= 2;
  return kernel;
}

Triple divided(Triple size, const std::vector<int64_t>& stride) {
  for (size_t i = 0; i < stride.size(); ++i) size.at(i) /= stride[i];
  return size;
}

// Pools the pixels of every head, without the class token. (B, heads, N, C), or (B, N, C) for one head.
class PoolImpl : public torch::nn::Module {
 public:
  PoolImpl(Layer pool_, Layer norm) : torch::nn::Module("Pool") {
    pool = register_layer(*this, "pool", std::move(pool_));
    if (norm) norm_act = register_module("norm_act", Sequential(std::vector<Layer>{std::move(norm)}));
  }

  Pooled forward(Tensor x, Triple size) {
    const bool one_head = x.dim() == 3;
    if (one_head) x = x.unsqueeze(1);
    const auto parts = torch::tensor_split(x, torch::IntArrayRef{1}, 2);
    x = parts[1].transpose(2, 3);
    const auto batch = x.size(0), heads = x.size(1), channels = x.size(2);
    x = pool(x.reshape({batch * heads, channels, size[0], size[1], size[2]}).contiguous());
    size = {x.size(2), x.size(3), x.size(4)};
    x = torch::cat({parts[0], x.reshape({batch, heads, channels, -1}).transpose(2, 3)}, 2);
    if (norm_act) x = norm_act(x);
    return {one_head ? x.squeeze(1) : x, size};
  }

 private:
  Layer pool;
  Sequential norm_act{nullptr};
};
using Pool = Observed<torch::nn::ModuleHolder<PoolImpl>>;

// Position embeddings for `count` distances.
Tensor for_distances(const Tensor& embedding, int64_t count) {
  if (embedding.size(0) == count) return embedding;
  return torch::upsample_linear1d(embedding.permute({1, 0}).unsqueeze(0), {count}, /*align_corners=*/false)
      .squeeze(0)
      .permute({1, 0});
}

// The embedding of each query's distance from each key, along one direction.
Tensor along(const Tensor& embedding, int64_t queries, int64_t keys) {
  const auto ratio = [](int64_t a, int64_t b) { return std::max(static_cast<double>(a) / static_cast<double>(b), 1.0); };
  const auto distances = torch::arange(queries).unsqueeze(1) * ratio(keys, queries) -
                         (torch::arange(keys).unsqueeze(0) + (1.0 - static_cast<double>(keys))) * ratio(queries, keys);
  return for_distances(embedding, 2 * std::max(queries, keys) - 1).index({distances.to(torch::kInt64)});
}

class MultiscaleAttentionImpl : public torch::nn::Module {
 public:
  MultiscaleAttentionImpl(Triple size, const MSBlockConfig& conf, int64_t out, const MViTSize& variant, double dropout,
                          const NormLayer& norm)
      : torch::nn::Module("MultiscaleAttention"), variant_(variant), heads_(conf.num_heads), out_(out) {
    const auto channels = out / heads_;
    qkv = register_module("qkv", Linear(conf.input_channels, 3 * out));
    project = register_module("project", Sequential(std::vector<Layer>{Linear(out, out)}));
    if (dropout > 0) project->append(torch::nn::Dropout(torch::nn::DropoutOptions(dropout).inplace(true)));
    const auto pooling = [&](const std::string& name, const std::vector<int64_t>& kernel,
                             const std::vector<int64_t>& stride) -> Pool {
      if (product(kernel) <= 1 && product(stride) <= 1) return Pool(nullptr);
      const torch::nn::Conv3d conv(torch::nn::Conv3dOptions(channels, channels, expanded(kernel))
                                       .stride(expanded(stride))
                                       .padding(expanded(halves(kernel)))
                                       .groups(channels)
                                       .bias(false));
      return register_module(name, Pool(conv, norm(channels)));
    };
    pool_q = pooling("pool_q", conf.kernel_q, conf.stride_q);
    pool_k = pooling("pool_k", conf.kernel_kv, conf.stride_kv);
    pool_v = pooling("pool_v", conf.kernel_kv, conf.stride_kv);
    if (!variant.rel_pos_embed) return;
    const auto side = std::max(size[1], size[2]);
    const auto pooled = [&](const std::vector<int64_t>& stride) { return stride.empty() ? side : side / stride[1]; };
    const auto positions = [&](const char* name, int64_t farthest) {
      auto embedding = register_parameter(name, torch::zeros({2 * farthest - 1, channels}));
      return models::detail::trunc_normal_(embedding, 0, 0.02);
    };
    rel_pos_h = positions("rel_pos_h", std::max(pooled(conf.stride_q), pooled(conf.stride_kv)));
    rel_pos_w = positions("rel_pos_w", std::max(pooled(conf.stride_q), pooled(conf.stride_kv)));
    rel_pos_t = positions("rel_pos_t", size[0]);
  }

  Pooled forward(const Tensor& x, Triple size) {
    const auto batch = x.size(0), count = x.size(1), channels = out_ / heads_;
    const auto parts = qkv(x).reshape({batch, count, 3, heads_, channels}).transpose(1, 3).unbind(2);
    auto queries = parts[0], keys = parts[1], values = parts[2];
    auto size_q = size, size_k = size;
    if (pool_k) std::tie(keys, size_k) = pool_k(keys, size);
    if (pool_v) values = pool_v(values, size).first;
    if (pool_q) std::tie(queries, size_q) = pool_q(queries, size);

    auto weights = torch::matmul((1.0 / std::sqrt(static_cast<double>(channels))) * queries, keys.transpose(2, 3));
    if (rel_pos_h.defined()) add_positions(weights, queries, size_q, size_k);
    auto out = torch::matmul(weights.softmax(-1), values);
    if (variant_.residual_pool) {
      if (variant_.residual_with_cls_embed) {
        out.add_(queries);
      } else {
        out.slice(2, 1).add_(queries.slice(2, 1));
      }
    }
    return {project(out.transpose(1, 2).reshape({batch, -1, out_})), size_q};
  }

 private:
  void add_positions(const Tensor& weights, const Tensor& queries, Triple q, Triple k) {
    const auto down = along(rel_pos_h, q[1], k[1]), across = along(rel_pos_w, q[2], k[2]), later = along(rel_pos_t, q[0], k[0]);
    const auto batch = queries.size(0), channels = queries.size(3);
    auto pixels = queries.slice(2, 1).reshape({batch, heads_, q[0], q[1], q[2], channels});
    const auto rows = torch::einsum("bythwc,hkc->bythwk", {pixels, down});
    const auto columns = torch::einsum("bythwc,wkc->bythwk", {pixels, across});
    pixels = pixels.permute({2, 0, 1, 3, 4, 5}).reshape({q[0], batch * heads_ * q[1] * q[2], channels});
    const auto frames = torch::matmul(pixels, later.transpose(1, 2))
                            .transpose(0, 1)
                            .view({batch, heads_, q[1], q[2], q[0], k[0]})
                            .permute({0, 1, 4, 2, 3, 5});
    const auto all = rows.unsqueeze(5).unsqueeze(7) + columns.unsqueeze(5).unsqueeze(5) + frames.unsqueeze(6).unsqueeze(6);
    weights.slice(2, 1).slice(3, 1).add_(all.reshape({batch, heads_, q[0] * q[1] * q[2], k[0] * k[1] * k[2]}));
  }

  MViTSize variant_;
  int64_t heads_, out_;
  Observed<Linear> qkv{nullptr};
  Sequential project{nullptr};
  Pool pool_q{nullptr}, pool_k{nullptr}, pool_v{nullptr};
  Tensor rel_pos_h, rel_pos_w, rel_pos_t;
};
using MultiscaleAttention = Observed<torch::nn::ModuleHolder<MultiscaleAttentionImpl>>;

class MultiscaleBlockImpl : public torch::nn::Module {
 public:
  MultiscaleBlockImpl(Triple size, const MSBlockConfig& conf, const MViTSize& variant, double dropout, double drop_path,
                      const NormLayer& norm)
      : torch::nn::Module("MultiscaleBlock"), proj_after_attn_(variant.proj_after_attn) {
    if (product(conf.stride_q) > 1) {
      auto kernel = conf.stride_q;
      for (auto& side : kernel) side = side > 1 ? side + 1 : side;
      const torch::nn::MaxPool3d pool(
          torch::nn::MaxPool3dOptions(expanded(kernel)).stride(expanded(conf.stride_q)).padding(expanded(halves(kernel))));
      pool_skip = register_module("pool_skip", Pool(pool, Layer()));
    }
    const auto width = proj_after_attn_ ? conf.output_channels : conf.input_channels;
    norm1 = register_layer(*this, "norm1", norm(conf.input_channels));
    norm2 = register_layer(*this, "norm2", norm(width));
    by_channel_ = norm1.module()->as<torch::nn::BatchNorm1d>() != nullptr;
    attn = register_module("attn", MultiscaleAttention(size, conf, width, variant, dropout, norm));
    mlp = register_module(
        "mlp", ops::MLP(width, {4 * width, conf.output_channels}, {.activation_layer = ops::gelu, .dropout = dropout}));
    stochastic_depth = register_module("stochastic_depth", ops::StochasticDepth(drop_path, "row"));
    if (conf.input_channels != conf.output_channels) {
      project = register_module("project", Linear(conf.input_channels, conf.output_channels));
    }
  }

  Pooled forward(Tensor x, Triple size) {
    const auto seen = normed(norm1, x);
    const auto [attended, new_size] = attn(seen, size);
    if (project && proj_after_attn_) x = project(seen);
    if (pool_skip) x = pool_skip(x, size).first;
    x = x + stochastic_depth(attended);
    const auto again = normed(norm2, x);
    if (project && !proj_after_attn_) x = project(again);
    return {x + stochastic_depth(mlp(again)), new_size};
  }

 private:
  // Batch norms want the channels second.
  Tensor normed(const Layer& norm, const Tensor& x) const {
    return by_channel_ ? norm(x.transpose(1, 2)).transpose(1, 2) : norm(x);
  }

  bool proj_after_attn_, by_channel_ = false;
  Pool pool_skip{nullptr};
  Layer norm1, norm2;
  MultiscaleAttention attn{nullptr};
  ops::MLP mlp{nullptr};
  ops::StochasticDepth stochastic_depth{nullptr};
  Observed<Linear> project{nullptr};
};
TORCH_MODULE(MultiscaleBlock);

// The class token before the patches and, unless distances count, where every patch is.
class PositionalEncodingImpl : public torch::nn::Module {
 public:
  PositionalEncodingImpl(int64_t channels, Triple size, bool distances)
      : torch::nn::Module("PositionalEncoding"), frames_(size[0]) {
    class_token = register_parameter("class_token", torch::zeros({channels}));
    if (distances) return;
    spatial_pos = register_parameter("spatial_pos", torch::zeros({size[1] * size[2], channels}));
    temporal_pos = register_parameter("temporal_pos", torch::zeros({size[0], channels}));
    class_pos = register_parameter("class_pos", torch::zeros({channels}));
  }

  Tensor forward(Tensor x) {
    x = torch::cat({class_token.expand({x.size(0), -1}).unsqueeze(1), x}, 1);
    if (!spatial_pos.defined()) return x;
    const auto area = spatial_pos.size(0), channels = spatial_pos.size(1);
    auto positions = torch::repeat_interleave(temporal_pos, area, 0);
    positions.add_(spatial_pos.unsqueeze(0).expand({frames_, -1, -1}).reshape({-1, channels}));
    return x.add_(torch::cat({class_pos.unsqueeze(0), positions}, 0).unsqueeze(0));
  }

 private:
  int64_t frames_;
  Tensor class_token, spatial_pos, temporal_pos, class_pos;
};
TORCH_MODULE(PositionalEncoding);

void initialise(torch::nn::Module& model) {
  namespace init = torch::nn::init;
  for (const auto& module : model.modules(/*include_self=*/false)) {
    if (auto* linear = module->as<torch::nn::Linear>()) {
      models::detail::trunc_normal_(linear->weight, 0, 0.02);
      if (linear->bias.defined()) init::zeros_(linear->bias);
    } else if (auto* norm = module->as<torch::nn::LayerNorm>()) {
      if (norm->weight.defined()) init::ones_(norm->weight);
      if (norm->bias.defined()) init::zeros_(norm->bias);
    } else if (module->as<PositionalEncoding>()) {
      for (auto& weights : module->parameters()) models::detail::trunc_normal_(weights, 0, 0.02);
    }
  }
}

const std::vector<int64_t> none{}, three{3, 3, 3}, kept{1, 1, 1}, halved{1, 2, 2};

// Channels of the four stages are 96, 192, 384 and 768; a stage begins at blocks 1, 3 and 14, and with half the resolution.
std::vector<MSBlockConfig> sixteen_blocks(bool first_version) {
  std::vector<MSBlockConfig> blocks;
  const auto stage = [](int64_t block) { return block < 1 ? 0 : block < 3 ? 1 : block < 14 ? 2 : 3; };
  const auto channels = [&](int64_t block) { return int64_t{96} << stage(block); };
  for (int64_t i = 0; i < 16; ++i) {
    const bool begins = i == 1 || i == 3 || i == 14;
    const auto stride_kv = int64_t{8} >> stage(i);
    // The first version widens at the end of the stage before, and pools queries only where the resolution changes.
    blocks.push_back({.num_heads = int64_t{1} << stage(i),
                      .input_channels = first_version ? channels(i) : channels(std::max<int64_t>(i - 1, 0)),
                      .output_channels = first_version ? channels(std::min<int64_t>(i + 1, 15)) : channels(i),
                      .kernel_q = first_version && !begins ? none : three,
                      .kernel_kv = three,
                      .stride_q = begins          ? halved
                                  : first_version ? none
                                                  : kept,
                      .stride_kv = {1, stride_kv, stride_kv}});
  }
  return blocks;
}

template <class W>
MViT build(const std::optional<W>& weights, MViTOptions& options, const MViTSize& size) {
  if (!options.stochastic_depth_prob) options.stochastic_depth_prob = 0.2;
  if (weights) {
    models::detail::settle(weights->name, "spatial_size", options.spatial_size, weights->min_size);
    models::detail::settle(weights->name, "temporal_size", options.temporal_size, weights->min_temporal_size);
  }
  return models::detail::build<MViT>(weights, options, size);
}

}  // namespace mvit

MViTImpl::MViTImpl(const MViTSize& size, const MViTOptions& options) : VideoClassifier("MViT") {
  using namespace mvit;
  OPSIS_CHECK(!size.blocks.empty(), "MViT: there must be blocks");
  const auto num_classes = models::detail::classes("MViT", options, 400);
  const auto norm_layer = options.norm_layer ? options.norm_layer : ops::layer_norm(1e-6);
  const auto frame = options.spatial_size.value_or(Size{224, 224});
  const auto first = size.blocks.front().input_channels, last = size.blocks.back().output_channels;
  conv_proj = register_module("conv_proj",
                              torch::nn::Conv3d(torch::nn::Conv3dOptions(options.in_channels, first, options.patch_embed_kernel)
                                                    .stride(options.patch_embed_stride)
                                                    .padding(options.patch_embed_padding)));
  const auto& stride = options.patch_embed_stride;
  const auto frames = options.temporal_size.value_or(16);
  OPSIS_CHECK(frames >= stride[0] && frame.height >= stride[1] && frame.width >= stride[2],
              "MViT: a clip must have a patch at least, of ({}, {}, {}) steps, got temporal_size {} and spatial_size {}",
              stride[0], stride[1], stride[2], frames, frame);
  patches_ = {frames / stride[0], frame.height / stride[1], frame.width / stride[2]};
  pos_encoding = register_layer(*this, "pos_encoding", PositionalEncoding(first, patches_, size.rel_pos_embed));
  register_module("blocks", blocks);
  const auto depth_prob = options.stochastic_depth_prob.value_or(0), steps = static_cast<double>(size.blocks.size()) - 1;
  auto input_size = patches_;
  for (size_t i = 0; i < size.blocks.size(); ++i) {
    const auto& conf = size.blocks[i];
    const auto drop_path = i == 0 ? 0 : depth_prob * static_cast<double>(i) / steps;
    blocks->push_back(MultiscaleBlock(input_size, conf, size, options.attention_dropout, drop_path, norm_layer));
    input_size = divided(input_size, conf.stride_q);
  }
  norm = register_layer(*this, "norm", norm_layer(last));
  head = register_module(
      "head", Sequential(std::vector<Layer>{torch::nn::Dropout(torch::nn::DropoutOptions(options.dropout).inplace(true)),
                                            Linear(last, num_classes)}));
  initialise(*this);
}

torch::Tensor MViTImpl::forward(torch::Tensor clips) {
  if (clips.dim() == 4) clips = clips.unsqueeze(2);
  auto x = conv_proj(clips);
  OPSIS_CHECK(x.sizes().slice(2) == torch::IntArrayRef(patches_),
              "MViT: clips must be (N, 3, T, H, W) of the size that the model is made for, got {}",
              opsis::detail::shape(clips));
  x = pos_encoding(x.flatten(2).transpose(1, 2));
  auto size = patches_;
  for (const auto& block : *blocks) std::tie(x, size) = ops::call(static_cast<mvit::MultiscaleBlockImpl&>(*block), x, size);
  return head(norm(x).select(1, 0));
}

MViT mvit_v1_b(std::optional<MViT_V1_B_Weights> weights, MViTOptions options) {
  return mvit::build(weights, options, {.blocks = mvit::sixteen_blocks(/*first_version=*/true)});
}

MViT mvit_v2_s(std::optional<MViT_V2_S_Weights> weights, MViTOptions options) {
  return mvit::build(weights, options,
                     {.blocks = mvit::sixteen_blocks(/*first_version=*/false),
                      .residual_pool = true,
                      .rel_pos_embed = true,
                      .proj_after_attn = true});
}

}  // namespace opsis::inline v1::models::video
