#include "opsis/models/vision_transformer.h"

#include <torch/nn/functional/upsampling.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/dropout.h>

#include <cmath>

#include "opsis/models/builders.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/conv_norm_activation.h"
#include "opsis/ops/linear.h"
#include "opsis/ops/mlp.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models {
namespace vision_transformer_family {

namespace init = torch::nn::init;
using torch::Tensor;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
using Dropout = Observed<torch::nn::Dropout>;
using ops::Linear;

// torch.nn.MultiheadAttention where query, key and value are one and no weights are asked for. LibTorch's wants the sequence
// first and does not use the fused kernel.
class SelfAttentionImpl : public torch::nn::Module {
 public:
  SelfAttentionImpl(int64_t dim, int64_t num_heads, double dropout)
      : torch::nn::Module("MultiheadAttention"), num_heads_(num_heads), dropout_(dropout) {
    OPSIS_CHECK(num_heads > 0 && dim % num_heads == 0, "VisionTransformer: num_heads must divide hidden_dim, got {} and {}",
                num_heads, dim);
    in_proj_weight = register_parameter("in_proj_weight", torch::empty({3 * dim, dim}));
    in_proj_bias = register_parameter("in_proj_bias", torch::empty({3 * dim}));
    out_proj = register_module("out_proj", Linear(dim, dim));
    init::xavier_uniform_(in_proj_weight);
    init::zeros_(in_proj_bias);
    init::zeros_(out_proj->bias);
  }

  Tensor forward(Tensor x) {
    const auto n = x.size(0), length = x.size(1), dim = x.size(2);
    const auto parts = torch::linear(x, in_proj_weight, in_proj_bias)
                           .view({n, length, 3, num_heads_, dim / num_heads_})
                           .permute({2, 0, 3, 1, 4});
    const auto attended = torch::scaled_dot_product_attention(parts[0], parts[1], parts[2], {}, is_training() ? dropout_ : 0.0);
    if (!is_training()) return out_proj(attended.transpose(1, 2).reshape({n, length, dim}));
    // Python's has the sequence first in memory, and the dropout that follows draws in the order of memory.
    return out_proj(attended.permute({2, 0, 1, 3}).reshape({length, n, dim})).transpose(0, 1);
  }

 private:
  Tensor in_proj_weight, in_proj_bias;
  Linear out_proj{nullptr};
  int64_t num_heads_;
  double dropout_;
};
using SelfAttention = Observed<torch::nn::ModuleHolder<SelfAttentionImpl>>;

// What the blocks have in common.
struct Style {
  VisionTransformerSize size;
  double dropout, attention_dropout;
  NormLayer norm;
};

class MLPBlockImpl : public ops::MLPImpl, public hub::Versioned {
 public:
  using MLPImpl::MLPImpl;
};
using MLPBlock = Observed<torch::nn::ModuleHolder<MLPBlockImpl>>;

class EncoderBlockImpl : public torch::nn::Module {
 public:
  explicit EncoderBlockImpl(const Style& style) : torch::nn::Module("EncoderBlock") {
    const auto dim = style.size.hidden_dim;
    ln_1 = register_layer(*this, "ln_1", style.norm(dim));
    self_attention = register_module("self_attention", SelfAttention(dim, style.size.num_heads, style.attention_dropout));
    dropout = register_module("dropout", Dropout(style.dropout));
    ln_2 = register_layer(*this, "ln_2", style.norm(dim));
    mlp = register_module("mlp", MLPBlock(dim, std::vector<int64_t>{style.size.mlp_dim, dim},
                                          ops::MLPOptions{.activation_layer = ops::gelu, .dropout = style.dropout}));
    detail::initialise(
        *mlp, [](torch::nn::Conv2dImpl&) {},
        [](torch::nn::LinearImpl& linear) {
          init::xavier_uniform_(linear.weight);
          init::normal_(linear.bias, 0, 1e-6);
        });
  }

  Tensor forward(Tensor input) {
    const auto x = dropout(self_attention(ln_1(input))) + input;
    return x + mlp(ln_2(x));
  }

 private:
  Layer ln_1;
  SelfAttention self_attention{nullptr};
  Dropout dropout{nullptr};
  Layer ln_2;
  MLPBlock mlp{nullptr};
};
TORCH_MODULE(EncoderBlock);

class EncoderImpl : public torch::nn::Module {
 public:
  EncoderImpl(int64_t seq_length, const Style& style) : torch::nn::Module("Encoder") {
    const auto dim = style.size.hidden_dim;
    pos_embedding = register_parameter("pos_embedding", torch::empty({1, seq_length, dim}).normal_(0, 0.02));
    dropout = register_module("dropout", Dropout(style.dropout));
    Sequential blocks;
    for (int64_t i = 0; i < style.size.num_layers; ++i) {
      blocks->append("encoder_layer_" + std::to_string(i), EncoderBlock(style));
    }
    layers = register_module("layers", blocks);
    ln = register_layer(*this, "ln", style.norm(dim));
  }

  Tensor forward(Tensor x) { return ln(layers(dropout(x + pos_embedding))); }

 private:
  Tensor pos_embedding;
  Dropout dropout{nullptr};
  Sequential layers{nullptr};
  Layer ln;
};
TORCH_MODULE(Encoder);

// The patches as one convolution, or the convolutions that stand for it.
Layer projection(const VisionTransformerSize& size, int64_t channels, const std::vector<ConvStemConfig>& stem) {
  if (stem.empty()) return Conv2d(Conv2dOptions(channels, size.hidden_dim, size.patch_size).stride(size.patch_size));
  Sequential layers;
  for (size_t i = 0; i < stem.size(); ++i) {
    ops::Conv2dNormActivationOptions options{.kernel_size = stem[i].kernel_size, .stride = stem[i].stride};
    if (stem[i].norm_layer) options.norm_layer = stem[i].norm_layer;
    if (stem[i].activation_layer) options.activation_layer = stem[i].activation_layer;
    layers->append("conv_bn_relu_" + std::to_string(i), ops::Conv2dNormActivation(channels, stem[i].out_channels, options));
    channels = stem[i].out_channels;
  }
  layers->append("conv_last", Conv2d(Conv2dOptions(channels, size.hidden_dim, 1)));
  return layers;
}

void initialise_projection(const Layer& projection) {
  if (auto* conv = projection.module()->as<Conv2d>()) {
    const auto fan_in = conv->weight.size(1) * conv->weight.size(2) * conv->weight.size(3);
    detail::trunc_normal_(conv->weight, 0, std::sqrt(1.0 / static_cast<double>(fan_in)));
    init::zeros_(conv->bias);
  } else {
    auto& last = *projection.module()->children().back()->as<Conv2d>();
    init::normal_(last.weight, 0, std::sqrt(2.0 / static_cast<double>(last.weight.size(0))));
    init::zeros_(last.bias);
  }
}

template <class W>
VisionTransformer build(const std::optional<W>& weights, VisionTransformerOptions& options, const VisionTransformerSize& size) {
  if (weights && !options.image_size) options.image_size = weights->min_size.height;
  return detail::build<VisionTransformer>(weights, options, size);
}

}  // namespace vision_transformer_family

VisionTransformerImpl::VisionTransformerImpl(const VisionTransformerSize& size, const VisionTransformerOptions& options)
    : ImageClassifier("VisionTransformer"),
      image_size(options.image_size.value_or(224)),
      patch_size(size.patch_size),
      hidden_dim(size.hidden_dim) {
  using namespace vision_transformer_family;
  OPSIS_CHECK(size.patch_size > 0 && image_size % size.patch_size == 0,
              "VisionTransformer: patch_size must divide image_size, got {} and {}", size.patch_size, image_size);
  const auto num_classes = detail::classes("VisionTransformer", options);
  const auto side = image_size / size.patch_size;
  const Style style{size, options.dropout, options.attention_dropout,
                    options.norm_layer ? options.norm_layer : ops::layer_norm(1e-6)};
  class_token = register_parameter("class_token", torch::zeros({1, 1, hidden_dim}));
  conv_proj = register_layer(*this, "conv_proj", projection(size, options.in_channels, options.conv_stem_configs));
  encoder = register_layer(*this, "encoder", Encoder(side * side + 1, style));

  Linear pre_logits{nullptr}, head{nullptr};
  Sequential layers;
  if (options.representation_size) {
    pre_logits = Linear(hidden_dim, *options.representation_size);
    layers->append("pre_logits", pre_logits);
    layers->append("act", torch::nn::Tanh());
  }
  head = Linear(options.representation_size.value_or(hidden_dim), num_classes);
  layers->append("head", head);
  heads = register_module("heads", layers);

  initialise_projection(conv_proj);
  if (pre_logits) {
    detail::trunc_normal_(pre_logits->weight, 0, std::sqrt(1.0 / static_cast<double>(hidden_dim)));
    init::zeros_(pre_logits->bias);
  }
  init::zeros_(head->weight);
  init::zeros_(head->bias);
}

torch::Tensor VisionTransformerImpl::forward(torch::Tensor images) {
  OPSIS_CHECK(images.dim() == 4 && images.size(2) == image_size && images.size(3) == image_size,
              "VisionTransformer: images must be (N, channels, {}, {}), got {}", image_size, image_size,
              opsis::detail::shape(images));
  const auto n = images.size(0);
  const auto patches = conv_proj(std::move(images)).flatten(2).permute({0, 2, 1});
  const auto x = encoder(torch::cat({class_token.expand({n, -1, -1}), patches}, 1));
  return heads(x.select(1, 0));
}

hub::StateDict interpolate_embeddings(int64_t image_size, int64_t patch_size, const hub::StateDict& state,
                                      transforms::InterpolationMode interpolation, bool reset_heads) {
  namespace F = torch::nn::functional;
  using transforms::InterpolationMode;
  constexpr std::string_view embeddings = "encoder.pos_embedding";
  OPSIS_CHECK(patch_size > 0 && image_size >= patch_size,
              "interpolate_embeddings: image_size must be at least patch_size, got {} and {}", image_size, patch_size);
  const auto side = image_size / patch_size;
  hub::StateDict out;
  out.versions = state.versions;
  bool found = false, resampled = false;
  for (const auto& [name, tensor] : state) {
    out.emplace_back(name, tensor);
    if (name != embeddings) continue;
    found = true;
    OPSIS_CHECK(tensor.dim() == 3 && tensor.size(0) == 1, "interpolate_embeddings: {} must be (1, S, D), got {}", name,
                opsis::detail::shape(tensor));
    const auto old_length = tensor.size(1) - 1, dim = tensor.size(2);
    if (old_length == side * side) continue;
    const auto old_side = static_cast<int64_t>(std::sqrt(static_cast<double>(old_length)));
    OPSIS_CHECK(old_side * old_side == old_length, "interpolate_embeddings: {} must be of a square image, got {} patches", name,
                old_length);
    auto options = F::InterpolateFuncOptions().size(std::vector<int64_t>{side, side}).align_corners(true);
    OPSIS_CHECK(interpolation == InterpolationMode::BICUBIC || interpolation == InterpolationMode::BILINEAR,
                "interpolate_embeddings: interpolation must be BICUBIC or BILINEAR");
    if (interpolation == InterpolationMode::BICUBIC) {
      options.mode(torch::kBicubic);
    } else {
      options.mode(torch::kBilinear);
    }
    const auto image = tensor.slice(1, 1).permute({0, 2, 1}).reshape({1, dim, old_side, old_side});
    const auto patches = F::interpolate(image, options).reshape({1, dim, side * side}).permute({0, 2, 1});
    out.back().second = torch::cat({tensor.slice(1, 0, 1), patches}, 1);
    resampled = true;
  }
  OPSIS_CHECK(found, "interpolate_embeddings: the state dict has no {}", embeddings);
  // As torchvision: heads stay when nothing had to be resampled.
  if (reset_heads && resampled) std::erase_if(out, [](const auto& entry) { return entry.first.starts_with("heads"); });
  return out;
}

VisionTransformer vit_b_16(std::optional<ViT_B_16_Weights> weights, VisionTransformerOptions options) {
  return vision_transformer_family::build(weights, options, {16, 12, 12, 768, 3072});
}

VisionTransformer vit_b_32(std::optional<ViT_B_32_Weights> weights, VisionTransformerOptions options) {
  return vision_transformer_family::build(weights, options, {32, 12, 12, 768, 3072});
}

VisionTransformer vit_l_16(std::optional<ViT_L_16_Weights> weights, VisionTransformerOptions options) {
  return vision_transformer_family::build(weights, options, {16, 24, 16, 1024, 4096});
}

VisionTransformer vit_l_32(std::optional<ViT_L_32_Weights> weights, VisionTransformerOptions options) {
  return vision_transformer_family::build(weights, options, {32, 24, 16, 1024, 4096});
}

VisionTransformer vit_h_14(std::optional<ViT_H_14_Weights> weights, VisionTransformerOptions options) {
  return vision_transformer_family::build(weights, options, {14, 32, 16, 1280, 5120});
}

}  // namespace opsis::inline v1::models
