#include "opsis/models/swin_transformer.h"

#include <torch/nn/functional/normalization.h>
#include <torch/nn/functional/padding.h>

#include <cmath>

#include "opsis/models/builders.h"
#include "opsis/models/initialise.h"
#include "opsis/models/relative_positions.h"
#include "opsis/models/swin_blocks.h"
#include "opsis/ops/linear.h"
#include "opsis/ops/norm.h"
#include "opsis/ops/permute.h"

namespace opsis::inline v1::models {
namespace swin_family {

namespace F = torch::nn::functional;
namespace init = torch::nn::init;
using ops::Linear;
using ops::Permute;
using torch::Tensor;
using torch::nn::LinearOptions;
using Pair = std::array<int64_t, 2>;
using detail::PatchMerging;
using detail::SwinTransformerBlock;

// Attention within windows; `shift` moves them against those of the block before, so that what they know spreads.
class ShiftedWindowAttentionImpl : public torch::nn::Module {
 public:
  ShiftedWindowAttentionImpl(const SwinBlock& block, SwinVersion version)
      : torch::nn::Module(version == SwinVersion::V1 ? "ShiftedWindowAttention" : "ShiftedWindowAttentionV2"),
        window_(block.window_size),
        shift_(block.shift_size),
        num_heads_(block.num_heads),
        dropout_(block.dropout),
        attention_dropout_(block.attention_dropout) {
    const auto dim = block.dim, num_heads = block.num_heads;
    const auto window = block.window_size;
    qkv = register_module("qkv", Linear(dim, 3 * dim));
    proj = register_module("proj", Linear(dim, dim));
    if (version == SwinVersion::V1) {
      table = register_parameter("relative_position_bias_table",
                                 torch::zeros({(2 * window[0] - 1) * (2 * window[1] - 1), num_heads}));
      detail::trunc_normal_(table, 0, 0.02);
    } else {
      table = register_buffer("relative_coords_table", relative_coordinates(window));
    }
    index = register_buffer("relative_position_index", detail::relative_position_index(window[0], window[1]).flatten());
    if (version == SwinVersion::V1) return;
    logit_scale = register_parameter("logit_scale", torch::log(10 * torch::ones({num_heads, 1, 1})));
    cpb_mlp = register_module("cpb_mlp", Sequential(std::vector<Layer>{Linear(2, 512), ops::relu(),
                                                                       Linear(LinearOptions(512, num_heads).bias(false))}));
    const torch::NoGradGuard no_grad;
    qkv->bias.slice(0, dim, 2 * dim).zero_();
  }

  Tensor forward(Tensor input) {
    const auto n = input.size(0), height = input.size(1), width = input.size(2), channels = input.size(3);
    const auto pad_to = [](int64_t size, int64_t multiple) { return (multiple - size % multiple) % multiple; };
    auto x = F::pad(input, F::PadFuncOptions({0, 0, 0, pad_to(width, window_[1]), 0, pad_to(height, window_[0])}));
    const auto rows = x.size(1), columns = x.size(2);
    auto shift = shift_;
    if (window_[0] >= rows) shift[0] = 0;
    if (window_[1] >= columns) shift[1] = 0;
    const bool shifted = shift[0] + shift[1] > 0;
    if (shifted) x = torch::roll(x, {-shift[0], -shift[1]}, {1, 2});

    const auto down = rows / window_[0], across = columns / window_[1], windows = down * across, area = window_[0] * window_[1];
    x = x.view({n, down, window_[0], across, window_[1], channels})
            .permute({0, 1, 3, 2, 4, 5})
            .reshape({n * windows, area, channels});
    auto attention = attend(x, channels);
    const auto& values = attention.second;
    auto weights = attention.first + position_bias(area);
    if (shifted) {
      weights = weights.view({n, windows, num_heads_, area, area}) + mask(x, rows, columns, shift).unsqueeze(1).unsqueeze(0);
      weights = weights.view({-1, num_heads_, area, area});
    }
    weights = torch::dropout(torch::softmax(weights, -1), attention_dropout_, is_training());
    x = weights.matmul(values).transpose(1, 2).reshape({n * windows, area, channels});
    x = torch::dropout(proj(x), dropout_, is_training());

    x = x.view({n, down, across, window_[0], window_[1], channels})
            .permute({0, 1, 3, 2, 4, 5})
            .reshape({n, rows, columns, channels});
    if (shifted) x = torch::roll(x, {shift[0], shift[1]}, {1, 2});
    return x.slice(1, 0, height).slice(2, 0, width).contiguous();
  }

 private:
  // How far apart, on a logarithmic scale from -8 to 8.
  static Tensor relative_coordinates(Pair window) {
    const auto line = [](int64_t size) { return torch::arange(-(size - 1), size, torch::kFloat32); };
    auto coords =
        torch::stack(torch::meshgrid({line(window[0]), line(window[1])}, "ij")).permute({1, 2, 0}).contiguous().unsqueeze(0);
    coords.select(3, 0).div_(window[0] - 1);
    coords.select(3, 1).div_(window[1] - 1);
    coords.mul_(8);
    const auto sign = torch::sign(coords);
    return sign * torch::log2(sign * coords + 1.0) / 3.0;
  }

  // What every pixel thinks of every other, and the values to be weighed by that.
  std::pair<Tensor, Tensor> attend(const Tensor& x, int64_t channels) {
    auto bias = qkv->bias;
    if (logit_scale.defined()) {  // keys have no bias
      bias = bias.clone();
      bias.slice(0, channels, 2 * channels).zero_();
    }
    const int64_t width = channels / num_heads_;
    const auto parts =
        torch::linear(x, qkv->weight, bias).reshape({x.size(0), x.size(1), 3, num_heads_, width}).permute({2, 0, 3, 1, 4});
    if (!logit_scale.defined()) {
      const auto queries = parts[0] * std::pow(static_cast<double>(width), -0.5);
      return {queries.matmul(parts[1].transpose(-2, -1)), parts[2]};
    }
    const auto unit = [](const Tensor& t) { return F::normalize(t, F::NormalizeFuncOptions().p(2).dim(-1)); };
    const auto cosines = unit(parts[0]).matmul(unit(parts[1]).transpose(-2, -1));
    return {cosines * torch::clamp(logit_scale, std::nullopt, std::log(100.0)).exp(), parts[2]};
  }

  Tensor position_bias(int64_t area) {
    const auto biases = cpb_mlp ? cpb_mlp(table).view({-1, num_heads_}) : table;
    const auto bias = biases.index_select(0, index).view({area, area, -1}).permute({2, 0, 1}).contiguous().unsqueeze(0);
    return cpb_mlp ? 16 * torch::sigmoid(bias) : bias;
  }

  // -100 where the two pixels of a shifted window came from opposite sides of the image.
  Tensor mask(const Tensor& like, int64_t rows, int64_t columns, Pair shift) const {
    using torch::indexing::None;
    using torch::indexing::Slice;
    auto regions = torch::zeros({rows, columns}, like.options().requires_grad(false));
    const auto slices = [](int64_t window, int64_t by) {
      return std::array<Slice, 3>{Slice(0, -window), Slice(-window, -by), Slice(-by, None)};
    };
    int64_t count = 0;
    for (const auto& vertical : slices(window_[0], shift[0])) {
      for (const auto& horizontal : slices(window_[1], shift[1])) regions.index_put_({vertical, horizontal}, count++);
    }
    const auto down = rows / window_[0], across = columns / window_[1];
    regions = regions.view({down, window_[0], across, window_[1]}).permute({0, 2, 1, 3}).reshape({down * across, -1});
    const auto apart = regions.unsqueeze(1) - regions.unsqueeze(2);
    return apart.masked_fill(apart != 0, -100.0).masked_fill(apart == 0, 0.0);
  }

  Pair window_, shift_;
  int64_t num_heads_;
  double dropout_, attention_dropout_;
  Linear qkv{nullptr}, proj{nullptr};
  Tensor table, index, logit_scale;
  Sequential cpb_mlp{nullptr};
};
using ShiftedWindowAttention = Observed<torch::nn::ModuleHolder<ShiftedWindowAttentionImpl>>;

Layer make_block(const SwinBlock& block, SwinVersion version) {
  const auto attention = [&]() -> Layer { return ShiftedWindowAttention(block, version); };
  return SwinTransformerBlock(block.dim, version, attention, block.mlp_ratio, block.dropout, block.stochastic_depth_prob,
                              block.norm_layer);
}

enum class Width { NARROW, WIDE };

template <class W>
SwinTransformer build(const std::optional<W>& weights, SwinTransformerOptions& options, SwinVersion version,
                      int64_t third_depth, Width width, double stochastic_depth_prob) {
  OPSIS_CHECK(version == SwinVersion::V1 || (!options.block && !options.downsample_layer),
              "swin_v2: block and downsample_layer are those of the second version; swin_t, swin_s and swin_b take others");
  if (!options.stochastic_depth_prob) options.stochastic_depth_prob = stochastic_depth_prob;
  const int64_t window = version == SwinVersion::V1 ? 7 : 8;
  const bool wide = width == Width::WIDE;
  const SwinTransformerSize size{{4, 4},
                                 wide ? 128 : 96,
                                 {2, 2, third_depth, 2},
                                 wide ? std::vector<int64_t>{4, 8, 16, 32} : std::vector<int64_t>{3, 6, 12, 24},
                                 {window, window},
                                 version};
  return detail::build<SwinTransformer>(weights, options, size);
}

}  // namespace swin_family

Layer swin_transformer_block(const SwinBlock& block) { return swin_family::make_block(block, SwinVersion::V1); }
Layer swin_transformer_block_v2(const SwinBlock& block) { return swin_family::make_block(block, SwinVersion::V2); }

Layer patch_merging(int64_t dim, const NormLayer& norm_layer) {
  return swin_family::PatchMerging(dim, SwinVersion::V1, norm_layer);
}

Layer patch_merging_v2(int64_t dim, const NormLayer& norm_layer) {
  return swin_family::PatchMerging(dim, SwinVersion::V2, norm_layer);
}

SwinTransformerImpl::SwinTransformerImpl(const SwinTransformerSize& size, const SwinTransformerOptions& options)
    : ImageClassifier("SwinTransformer") {
  using namespace swin_family;
  OPSIS_CHECK(!size.depths.empty() && size.depths.size() == size.num_heads.size(),
              "SwinTransformer: depths and num_heads must be of the same length, got {} and {}", size.depths.size(),
              size.num_heads.size());
  const auto num_classes = detail::classes("SwinTransformer", options);
  const auto norm_layer = options.norm_layer ? options.norm_layer : ops::layer_norm(1e-5);
  const auto depth_prob = options.stochastic_depth_prob.value_or(0.1);
  const bool first_version = size.version == SwinVersion::V1;
  const auto block_of = options.block ? options.block : first_version ? swin_transformer_block : swin_transformer_block_v2;
  const auto downsample = options.downsample_layer ? options.downsample_layer
                          : first_version          ? patch_merging
                                                   : patch_merging_v2;
  const torch::ExpandingArray<2> patch({size.patch_size[0], size.patch_size[1]});

  Sequential layers;
  layers->append(Sequential(
      std::vector<Layer>{torch::nn::Conv2d(torch::nn::Conv2dOptions(options.in_channels, size.embed_dim, patch).stride(patch)),
                         Permute(std::vector<int64_t>{0, 2, 3, 1}), norm_layer(size.embed_dim)}));
  int64_t count = 0, block = 0, dim = size.embed_dim;
  for (const auto depth : size.depths) count += depth;
  for (size_t i = 0; i < size.depths.size(); ++i) {
    Sequential blocks;
    for (int64_t j = 0; j < size.depths[i]; ++j) {
      const auto prob = depth_prob * static_cast<double>(block++) / static_cast<double>(count - 1);
      const auto shift = j % 2 == 0 ? Pair{0, 0} : Pair{size.window_size[0] / 2, size.window_size[1] / 2};
      blocks->append(block_of({.dim = dim,
                               .num_heads = size.num_heads[i],
                               .window_size = size.window_size,
                               .shift_size = shift,
                               .mlp_ratio = options.mlp_ratio,
                               .dropout = options.dropout,
                               .attention_dropout = options.attention_dropout,
                               .stochastic_depth_prob = prob,
                               .norm_layer = norm_layer}));
    }
    layers->append(blocks);
    if (i + 1 == size.depths.size()) break;
    layers->append(downsample(dim, norm_layer));
    dim *= 2;
  }
  features = register_module("features", layers);
  norm = register_layer(*this, "norm", norm_layer(dim));
  permute = register_layer(*this, "permute", Permute(std::vector<int64_t>{0, 3, 1, 2}));
  avgpool = register_module("avgpool", torch::nn::AdaptiveAvgPool2d(1));
  flatten = register_layer(*this, "flatten", torch::nn::Flatten());
  head = register_module("head", torch::nn::Linear(dim, num_classes));
  detail::initialise(
      *this, [](torch::nn::Conv2dImpl&) {},
      [](torch::nn::LinearImpl& linear) {
        detail::trunc_normal_(linear.weight, 0, 0.02);
        if (linear.bias.defined()) init::zeros_(linear.bias);
      });
}

torch::Tensor SwinTransformerImpl::forward(torch::Tensor images) {
  return head(flatten(avgpool(permute(norm(features(std::move(images)))))));
}

SwinTransformer swin_t(std::optional<Swin_T_Weights> weights, SwinTransformerOptions options) {
  return swin_family::build(weights, options, SwinVersion::V1, 6, swin_family::Width::NARROW, 0.2);
}

SwinTransformer swin_s(std::optional<Swin_S_Weights> weights, SwinTransformerOptions options) {
  return swin_family::build(weights, options, SwinVersion::V1, 18, swin_family::Width::NARROW, 0.3);
}

SwinTransformer swin_b(std::optional<Swin_B_Weights> weights, SwinTransformerOptions options) {
  return swin_family::build(weights, options, SwinVersion::V1, 18, swin_family::Width::WIDE, 0.5);
}

SwinTransformer swin_v2_t(std::optional<Swin_V2_T_Weights> weights, SwinTransformerOptions options) {
  return swin_family::build(weights, options, SwinVersion::V2, 6, swin_family::Width::NARROW, 0.2);
}

SwinTransformer swin_v2_s(std::optional<Swin_V2_S_Weights> weights, SwinTransformerOptions options) {
  return swin_family::build(weights, options, SwinVersion::V2, 18, swin_family::Width::NARROW, 0.3);
}

SwinTransformer swin_v2_b(std::optional<Swin_V2_B_Weights> weights, SwinTransformerOptions options) {
  return swin_family::build(weights, options, SwinVersion::V2, 18, swin_family::Width::WIDE, 0.5);
}

}  // namespace opsis::inline v1::models
