#include "opsis/models/maxvit.h"

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/pooling.h>

#include <cmath>

#include "opsis/models/builders.h"
#include "opsis/models/initialise.h"
#include "opsis/models/relative_positions.h"
#include "opsis/ops/conv_norm_activation.h"
#include "opsis/ops/linear.h"
#include "opsis/ops/squeeze_excitation.h"
#include "opsis/ops/stochastic_depth.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models {
namespace maxvit_family {

using ops::Conv2dNormActivation;
using torch::Tensor;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
using torch::nn::Dropout;
using torch::nn::Identity;
using Linear = Observed<ops::Linear>;

// What the layers of a network have in common.
struct Style {
  const MaxVitSize& size;
  const MaxVitOptions& options;
  NormLayer norm;
  ActivationLayer activation;
};

class MBConvImpl : public torch::nn::Module {
 public:
  MBConvImpl(int64_t in, int64_t out, int64_t stride, double stochastic_depth_prob, const Style& style)
      : torch::nn::Module("MBConv") {
    proj = register_layer(*this, "proj", projection(in, out, stride));
    stochastic_depth = register_layer(
        *this, "stochastic_depth",
        stochastic_depth_prob != 0 ? Layer(ops::StochasticDepth(stochastic_depth_prob, "row")) : Layer(Identity()));
    const auto middle = static_cast<int64_t>(static_cast<double>(out) * style.options.expansion_ratio);
    const auto squeezed = static_cast<int64_t>(static_cast<double>(out) * style.options.squeeze_ratio);
    Sequential list;
    list->append("pre_norm", style.norm(in));
    list->append("conv_a", Conv2dNormActivation(
                               in, middle, {.kernel_size = 1, .norm_layer = style.norm, .activation_layer = style.activation}));
    list->append("conv_b",
                 Conv2dNormActivation(
                     middle, middle,
                     {.stride = stride, .groups = middle, .norm_layer = style.norm, .activation_layer = style.activation}));
    list->append("squeeze_excitation", ops::SqueezeExcitation(middle, squeezed, [] { return ops::silu(); }));
    list->append("conv_c", Conv2d(Conv2dOptions(middle, out, 1)));
    layers = register_module("layers", list);
  }

  Tensor forward(Tensor x) {
    const auto shortcut = proj(x);
    return shortcut + stochastic_depth(layers(x));
  }

 private:
  static Layer projection(int64_t in, int64_t out, int64_t stride) {
    if (stride == 1 && in == out) return Identity();
    Sequential list;
    if (stride == 2) list->append(torch::nn::AvgPool2d(torch::nn::AvgPool2dOptions(3).stride(stride).padding(1)));
    list->append(Conv2d(Conv2dOptions(in, out, 1)));
    return list;
  }

  Layer proj, stochastic_depth;
  Sequential layers{nullptr};
};
TORCH_MODULE(MBConv);

// Attention with a bias for every way that two pixels can stand to each other. (N, groups, pixels, channels) -> the same
class RelativePositionalMultiHeadAttentionImpl : public torch::nn::Module {
 public:
  RelativePositionalMultiHeadAttentionImpl(int64_t dim, int64_t head_dim, int64_t side)
      : torch::nn::Module("RelativePositionalMultiHeadAttention"),
        heads_(dim / head_dim),
        head_dim_(head_dim),
        scale_(std::pow(static_cast<double>(dim), -0.5)) {
    OPSIS_CHECK(dim % head_dim == 0, "MaxVit: head_dim must divide the channels, got {} and {}", head_dim, dim);
    to_qkv = register_module("to_qkv", Linear(dim, 3 * dim));
    merge = register_module("merge", Linear(dim, dim));
    table = register_parameter("relative_position_bias_table", torch::empty({(2 * side - 1) * (2 * side - 1), heads_}));
    index = register_buffer("relative_position_index", detail::relative_position_index(side, side));
    detail::trunc_normal_(table, 0, 0.02);
  }

  Tensor forward(Tensor x) {
    const auto n = x.size(0), groups = x.size(1), pixels = x.size(2), dim = x.size(3);
    const auto parts = to_qkv(x).view({n, groups, pixels, 3, heads_, head_dim_}).permute({3, 0, 1, 4, 2, 5});
    const auto bias = table.index_select(0, index.flatten()).view({pixels, pixels, -1}).permute({2, 0, 1}).contiguous();
    const auto weights = torch::softmax(parts[0].matmul((parts[1] * scale_).transpose(-2, -1)) + bias.unsqueeze(0), -1);
    return merge(weights.matmul(parts[2]).permute({0, 1, 3, 2, 4}).reshape({n, groups, pixels, dim}));
  }

 private:
  int64_t heads_, head_dim_;
  double scale_;
  Linear to_qkv{nullptr}, merge{nullptr};
  Tensor table, index;
};
TORCH_MODULE(RelativePositionalMultiHeadAttention);

class SwapAxesImpl : public torch::nn::Module {
 public:
  SwapAxesImpl(int64_t first, int64_t second) : torch::nn::Module("SwapAxes"), first_(first), second_(second) {}
  Tensor forward(Tensor x) { return torch::swapaxes(x, first_, second_); }

 private:
  int64_t first_, second_;
};
TORCH_MODULE(SwapAxes);

// (N, C, H, W) -> (N, windows, p * p, C)
class WindowPartitionImpl : public torch::nn::Module {
 public:
  WindowPartitionImpl() : torch::nn::Module("WindowPartition") {}
  Tensor forward(const Tensor& x, int64_t p) {
    const auto n = x.size(0), channels = x.size(1), down = x.size(2) / p, across = x.size(3) / p;
    return x.reshape({n, channels, down, p, across, p})
        .permute({0, 2, 4, 3, 5, 1})
        .reshape({n, down * across, p * p, channels});
  }
};
using WindowPartition = Observed<torch::nn::ModuleHolder<WindowPartitionImpl>>;

// And back.
class WindowDepartitionImpl : public torch::nn::Module {
 public:
  WindowDepartitionImpl() : torch::nn::Module("WindowDepartition") {}
  Tensor forward(const Tensor& x, int64_t p, int64_t down, int64_t across) {
    const auto n = x.size(0), channels = x.size(3);
    return x.reshape({n, down, across, p, p, channels})
        .permute({0, 5, 1, 3, 2, 4})
        .reshape({n, channels, down * p, across * p});
  }
};
using WindowDepartition = Observed<torch::nn::ModuleHolder<WindowDepartitionImpl>>;

enum class Partition { WINDOW, GRID };

// Attention within windows, or among the pixels that have the same place in all windows: a sparse grid over the image.
class PartitionAttentionLayerImpl : public torch::nn::Module {
 public:
  PartitionAttentionLayerImpl(int64_t channels, Partition type, Size seen, double stochastic_depth_prob, const Style& style)
      : torch::nn::Module("PartitionAttentionLayer"),
        p_(type == Partition::WINDOW ? style.size.partition_size : seen.height / style.size.partition_size),
        seen_(seen) {
    OPSIS_CHECK(p_ > 0 && seen.height % p_ == 0 && seen.width % p_ == 0,
                "MaxVit: partitions of {} must divide a block's image, {} x {}", p_, seen.height, seen.width);
    const auto swap = [&] { return type == Partition::GRID ? Layer(SwapAxes(-2, -3)) : Layer(Identity()); };
    partition_op = register_module("partition_op", WindowPartition());
    departition_op = register_module("departition_op", WindowDepartition());
    partition_swap = register_layer(*this, "partition_swap", swap());
    departition_swap = register_layer(*this, "departition_swap", swap());
    attn_layer = register_module(
        "attn_layer", Sequential(std::vector<Layer>{
                          ops::layer_norm()(channels),
                          RelativePositionalMultiHeadAttention(channels, style.size.head_dim, style.size.partition_size),
                          Dropout(style.options.attention_dropout)}));
    const auto hidden = channels * style.options.mlp_ratio;
    mlp_layer = register_module(
        "mlp_layer", Sequential(std::vector<Layer>{ops::layer_norm()(channels), Linear(channels, hidden), style.activation(),
                                                   Linear(hidden, channels), Dropout(style.options.mlp_dropout)}));
    stochastic_dropout = register_module("stochastic_dropout", ops::StochasticDepth(stochastic_depth_prob, "row"));
  }

  Tensor forward(Tensor x) {
    x = partition_swap(partition_op(x, p_));
    x = x + stochastic_dropout(attn_layer(x));
    x = x + stochastic_dropout(mlp_layer(x));
    return departition_op(departition_swap(x), p_, seen_.height / p_, seen_.width / p_);
  }

 private:
  int64_t p_;
  Size seen_;
  WindowPartition partition_op{nullptr};
  WindowDepartition departition_op{nullptr};
  Layer partition_swap, departition_swap;
  Sequential attn_layer{nullptr}, mlp_layer{nullptr};
  ops::StochasticDepth stochastic_dropout{nullptr};
};
TORCH_MODULE(PartitionAttentionLayer);

// A module with nothing but layers in a row under "layers": MaxVitLayer and MaxVitBlock.
class NestImpl : public torch::nn::Module {
 public:
  NestImpl(const std::string& name, Sequential list)
      : torch::nn::Module(name), layers(register_module("layers", std::move(list))) {}
  Tensor forward(Tensor x) { return layers(std::move(x)); }

 private:
  Sequential layers;
};
TORCH_MODULE(Nest);

Layer max_vit_layer(int64_t in, int64_t out, int64_t stride, Size seen, double stochastic_depth_prob, const Style& style) {
  Sequential list;
  list->append("MBconv", MBConv(in, out, stride, stochastic_depth_prob, style));
  list->append("window_attention", PartitionAttentionLayer(out, Partition::WINDOW, seen, stochastic_depth_prob, style));
  list->append("grid_attention", PartitionAttentionLayer(out, Partition::GRID, seen, stochastic_depth_prob, style));
  return Nest("MaxVitLayer", list);
}

// What a 3x3 convolution of stride 2 leaves.
Size halved(Size size) { return {(size.height - 1) / 2 + 1, (size.width - 1) / 2 + 1}; }

}  // namespace maxvit_family

MaxVitImpl::MaxVitImpl(const MaxVitSize& size, const MaxVitOptions& options)
    : ImageClassifier("MaxVit"), input_size(options.input_size.value_or(Size{224, 224})) {
  using namespace maxvit_family;
  OPSIS_CHECK(!size.block_channels.empty() && size.block_channels.size() == size.block_layers.size(),
              "MaxVit: block_channels and block_layers must be of the same length, got {} and {}", size.block_channels.size(),
              size.block_layers.size());
  const auto num_classes = detail::classes("MaxVit", options);
  const Style style{size, options, options.norm_layer ? options.norm_layer : ops::batch_norm_2d(0.001, 0.01),
                    options.activation_layer ? options.activation_layer : ops::gelu};
  auto seen = halved(input_size);
  for (size_t i = 0; i < size.block_channels.size(); ++i) {
    seen = halved(seen);
    OPSIS_CHECK(
        size.partition_size > 0 && seen.height % size.partition_size == 0 && seen.width % size.partition_size == 0,
        "MaxVit: partition_size {} must divide what block {} sees, {} x {} of an image of {} x {}; change the partition "
        "or the input size",
        size.partition_size, i, seen.height, seen.width, input_size.height, input_size.width);
  }

  stem = register_module(
      "stem",
      Sequential(std::vector<Layer>{
          Conv2dNormActivation(options.in_channels, size.stem_channels,
                               {.stride = 2, .norm_layer = style.norm, .activation_layer = style.activation, .bias = false}),
          Conv2dNormActivation(size.stem_channels, size.stem_channels,
                               {.norm_layer = nullptr, .activation_layer = nullptr, .bias = true})}));
  int64_t count = 0, layer = 0, channels = size.stem_channels;
  for (const auto layers : size.block_layers) count += layers;
  seen = halved(input_size);
  Sequential list;
  for (size_t i = 0; i < size.block_channels.size(); ++i) {
    seen = halved(seen);
    Sequential layers;
    for (int64_t j = 0; j < size.block_layers[i]; ++j, ++layer) {
      // As numpy.linspace has it.
      const auto prob = count == 1 ? 0.0
                        : layer + 1 == count
                            ? size.stochastic_depth_prob
                            : static_cast<double>(layer) * (size.stochastic_depth_prob / static_cast<double>(count - 1));
      layers->append(max_vit_layer(channels, size.block_channels[i], j == 0 ? 2 : 1, seen, prob, style));
      channels = size.block_channels[i];
    }
    list->append(Nest("MaxVitBlock", layers));
  }
  blocks = register_module("blocks", list);
  classifier = register_module(
      "classifier", Sequential(std::vector<Layer>{torch::nn::AdaptiveAvgPool2d(1), torch::nn::Flatten(),
                                                  ops::layer_norm()(channels), Linear(channels, channels), torch::nn::Tanh(),
                                                  Linear(torch::nn::LinearOptions(channels, num_classes).bias(false))}));
  const auto begin = [](auto& module) {
    torch::nn::init::normal_(module.weight, 0, 0.02);
    if (module.bias.defined()) torch::nn::init::zeros_(module.bias);
  };
  detail::initialise(*this, begin, begin);
}

torch::Tensor MaxVitImpl::forward(torch::Tensor images) {
  OPSIS_CHECK(images.dim() == 4 && images.size(2) == input_size.height && images.size(3) == input_size.width,
              "MaxVit: images must be (N, channels, {}, {}), got {}", input_size.height, input_size.width,
              opsis::detail::shape(images));
  return classifier(blocks(stem(std::move(images))));
}

MaxVit maxvit_t(std::optional<MaxVit_T_Weights> weights, MaxVitOptions options) {
  if (weights) {
    const auto size = weights->min_size;
    OPSIS_CHECK(!options.input_size || *options.input_size == size, "{}: input_size must be {} x {}, got {} x {}",
                weights->name, size.height, size.width, options.input_size->height, options.input_size->width);
    options.input_size = size;
  }
  return detail::build<MaxVit>(weights, options, MaxVitSize{64, 7, {64, 128, 256, 512}, {2, 2, 5, 2}, 32, 0.2});
}

}  // namespace opsis::inline v1::models
