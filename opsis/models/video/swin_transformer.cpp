#include "opsis/models/video/swin_transformer.h"

#include <torch/nn/functional/padding.h>
#include <torch/nn/modules/conv.h>

#include <cmath>

#include "opsis/models/builders.h"
#include "opsis/models/initialise.h"
#include "opsis/models/swin_blocks.h"
#include "opsis/ops/linear.h"
#include "opsis/ops/norm.h"

namespace opsis::inline v1::models::video {
namespace swin3d {

namespace F = torch::nn::functional;
using ops::Linear;
using torch::Tensor;
using Triple = std::array<int64_t, 3>;  // frames, rows, columns

// Zeros at the ends of three dimensions, so that each is a multiple; `behind` dimensions follow them.
Tensor padded(const Tensor& x, Triple size, Triple multiple, int64_t behind) {
  std::vector<int64_t> pad(static_cast<size_t>(2 * behind), 0);
  for (const size_t i : {2, 1, 0}) {
    pad.push_back(0);
    pad.push_back((multiple[i] - size[i] % multiple[i]) % multiple[i]);
  }
  return F::pad(x, F::PadFuncOptions(pad));
}

// Pixels of a block of the clip made one, (N, C, T, H, W) -> (N, T', H', W', C).
class PatchEmbed3dImpl : public torch::nn::Module {
 public:
  PatchEmbed3dImpl(Triple patch, int64_t in_channels, int64_t channels, const NormLayer& norm_layer)
      : torch::nn::Module("PatchEmbed3d"), patch_(patch) {
    proj = register_module("proj", torch::nn::Conv3d(torch::nn::Conv3dOptions(in_channels, channels, patch).stride(patch)));
    norm = register_layer(*this, "norm", norm_layer(channels));
  }

  Tensor forward(const Tensor& clips) {
    const auto x = padded(clips, {clips.size(2), clips.size(3), clips.size(4)}, patch_, 0);
    return norm(proj(x).permute({0, 2, 3, 4, 1}));
  }

 private:
  Triple patch_;
  Observed<torch::nn::Conv3d> proj{nullptr};
  Layer norm;
};
TORCH_MODULE(PatchEmbed3d);

// For every pair of pixels of a window, the row of a table that has one for each way they can stand to each other.
Tensor relative_positions(Triple window) {
  const auto line = [](int64_t size) { return torch::arange(size); };
  const auto coords = torch::stack(torch::meshgrid({line(window[0]), line(window[1]), line(window[2])}, "ij")).flatten(1);
  const auto relative = coords.unsqueeze(2) - coords.unsqueeze(1);
  const auto across = 2 * window[2] - 1, area = (2 * window[1] - 1) * across;
  return (relative[0] + (window[0] - 1)) * area + (relative[1] + (window[1] - 1)) * across + (relative[2] + (window[2] - 1));
}

// (N, T, H, W, C) -> (N * windows, pixels of a window, C), and back.
struct Windows {
  int64_t batch, channels;
  Triple size, window;

  int64_t of(size_t i) const { return size[i] / window[i]; }
  int64_t count() const { return of(0) * of(1) * of(2); }
  int64_t volume() const { return window[0] * window[1] * window[2]; }

  Tensor apart(const Tensor& x) const {
    return x.view({batch, of(0), window[0], of(1), window[1], of(2), window[2], channels})
        .permute({0, 1, 3, 5, 2, 4, 6, 7})
        .reshape({batch * count(), volume(), channels});
  }
  Tensor together(const Tensor& x) const {
    return x.view({batch, of(0), of(1), of(2), window[0], window[1], window[2], channels})
        .permute({0, 1, 4, 2, 5, 3, 6, 7})
        .reshape({batch, size[0], size[1], size[2], channels});
  }
};

// Attention within windows; `shift` moves them against those of the block before, so that what they know spreads.
class ShiftedWindowAttention3dImpl : public torch::nn::Module {
 public:
  ShiftedWindowAttention3dImpl(int64_t dim, Triple window, Triple shift, int64_t num_heads, double attention_dropout,
                               double dropout)
      : torch::nn::Module("ShiftedWindowAttention3d"),
        window_(window),
        shift_(shift),
        num_heads_(num_heads),
        attention_dropout_(attention_dropout),
        dropout_(dropout) {
    qkv = register_module("qkv", Linear(dim, 3 * dim));
    proj = register_module("proj", Linear(dim, dim));
    table = register_parameter("relative_position_bias_table",
                               torch::zeros({(2 * window[0] - 1) * (2 * window[1] - 1) * (2 * window[2] - 1), num_heads}));
    models::detail::trunc_normal_(table, 0, 0.02);
    index = register_buffer("relative_position_index", relative_positions(window));
  }

  Tensor forward(const Tensor& input) {
    const Triple size{input.size(1), input.size(2), input.size(3)};
    const auto channels = input.size(4), width = channels / num_heads_;
    auto window = window_, shift = shift_;
    for (size_t i = 0; i < 3; ++i) {
      if (size[i] > window[i]) continue;
      window[i] = size[i];
      shift[i] = 0;
    }
    auto x = padded(input, size, window, 1);
    const Windows windows{x.size(0), channels, {x.size(1), x.size(2), x.size(3)}, window};
    const bool shifted = shift[0] + shift[1] + shift[2] > 0;
    if (shifted) x = torch::roll(x, {-shift[0], -shift[1], -shift[2]}, {1, 2, 3});
    x = windows.apart(x);

    const auto rows = x.size(0), volume = windows.volume();
    const auto parts = qkv(x).reshape({rows, volume, 3, num_heads_, width}).permute({2, 0, 3, 1, 4});
    const auto queries = parts[0] * std::pow(static_cast<double>(width), -0.5);
    auto weights = queries.matmul(parts[1].transpose(-2, -1)) + position_bias(volume);
    if (shifted) {
      weights = weights.view({rows / windows.count(), windows.count(), num_heads_, volume, volume}) +
                mask(x, windows, shift).unsqueeze(1).unsqueeze(0);
      weights = weights.view({-1, num_heads_, volume, volume});
    }
    weights = torch::dropout(torch::softmax(weights, -1), attention_dropout_, is_training());
    x = weights.matmul(parts[2]).transpose(1, 2).reshape({rows, volume, channels});
    x = windows.together(torch::dropout(proj(x), dropout_, is_training()));
    if (shifted) x = torch::roll(x, {shift[0], shift[1], shift[2]}, {1, 2, 3});
    return x.slice(1, 0, size[0]).slice(2, 0, size[1]).slice(3, 0, size[2]).contiguous();
  }

 private:
  Tensor position_bias(int64_t volume) const {
    const auto rows = index.slice(0, 0, volume).slice(1, 0, volume).flatten();
    return table.index({rows}).view({volume, volume, -1}).permute({2, 0, 1}).contiguous().unsqueeze(0);
  }

  // -100 where the two pixels of a shifted window came from opposite ends of the clip.
  static Tensor mask(const Tensor& like, const Windows& windows, Triple shift) {
    using torch::indexing::None;
    using torch::indexing::Slice;
    const auto& size = windows.size;
    auto regions = torch::zeros({size[0], size[1], size[2]}, like.options().requires_grad(false));
    const auto slices = [&](size_t i) {
      const auto window = windows.window[i];
      return std::array<Slice, 3>{Slice(0, -window), Slice(-window, -shift[i]), Slice(-shift[i], None)};
    };
    int64_t count = 0;
    for (const auto& frames : slices(0)) {
      for (const auto& rows : slices(1)) {
        for (const auto& columns : slices(2)) regions.index_put_({frames, rows, columns}, count++);
      }
    }
    const Windows parts{1, 1, size, windows.window};
    const auto of_windows = parts.apart(regions.unsqueeze(0).unsqueeze(-1)).squeeze(-1);
    const auto apart = of_windows.unsqueeze(1) - of_windows.unsqueeze(2);
    return apart.masked_fill(apart != 0, -100.0).masked_fill(apart == 0, 0.0);
  }

  Triple window_, shift_;
  int64_t num_heads_;
  double attention_dropout_, dropout_;
  Observed<Linear> qkv{nullptr}, proj{nullptr};
  Tensor table, index;
};
TORCH_MODULE(ShiftedWindowAttention3d);

template <class W>
SwinTransformer3d build(const std::optional<W>& weights, SwinTransformer3dOptions& options, int64_t third_depth, bool wide) {
  const SwinTransformer3dSize size{.embed_dim = wide ? 128 : 96,
                                   .depths = {2, 2, third_depth, 2},
                                   .num_heads = wide ? std::vector<int64_t>{4, 8, 16, 32} : std::vector<int64_t>{3, 6, 12, 24}};
  return models::detail::build<SwinTransformer3d>(weights, options, size);
}

}  // namespace swin3d

SwinTransformer3dImpl::SwinTransformer3dImpl(const SwinTransformer3dSize& size, const SwinTransformer3dOptions& options)
    : VideoClassifier("SwinTransformer3d") {
  using namespace swin3d;
  OPSIS_CHECK(!size.depths.empty() && size.depths.size() == size.num_heads.size(),
              "SwinTransformer3d: depths and num_heads must be of the same length, got {} and {}", size.depths.size(),
              size.num_heads.size());
  const auto num_classes = models::detail::classes("SwinTransformer3d", options, 400);
  const auto norm_layer = options.norm_layer ? options.norm_layer : ops::layer_norm(1e-5);
  patch_embed =
      register_layer(*this, "patch_embed", PatchEmbed3d(size.patch_size, options.in_channels, size.embed_dim, norm_layer));
  pos_drop = register_module("pos_drop", torch::nn::Dropout(options.dropout));
  Sequential layers;
  int64_t count = 0, block = 0, dim = size.embed_dim;
  for (const auto depth : size.depths) count += depth;
  for (size_t i = 0; i < size.depths.size(); ++i) {
    Sequential blocks;
    for (int64_t j = 0; j < size.depths[i]; ++j) {
      const auto prob = options.stochastic_depth_prob * static_cast<double>(block++) / static_cast<double>(count - 1);
      const auto& window = size.window_size;
      const auto shift = j % 2 == 0 ? Triple{0, 0, 0} : Triple{window[0] / 2, window[1] / 2, window[2] / 2};
      const auto attention = [&]() -> Layer {
        return ShiftedWindowAttention3d(dim, window, shift, size.num_heads[i], options.attention_dropout, options.dropout);
      };
      blocks->append(models::detail::SwinTransformerBlock(dim, SwinVersion::V1, attention, options.mlp_ratio, options.dropout,
                                                          prob, norm_layer));
    }
    layers->append(blocks);
    if (i + 1 == size.depths.size()) break;
    layers->append(models::detail::PatchMerging(dim, SwinVersion::V1, norm_layer));
    dim *= 2;
  }
  features = register_module("features", layers);
  norm = register_layer(*this, "norm", norm_layer(dim));
  avgpool = register_module("avgpool", torch::nn::AdaptiveAvgPool3d(1));
  head = register_module("head", torch::nn::Linear(dim, num_classes));
  for (const auto& module : modules(/*include_self=*/false)) {
    if (auto* linear = module->as<torch::nn::Linear>()) {
      models::detail::trunc_normal_(linear->weight, 0, 0.02);
      if (linear->bias.defined()) torch::nn::init::zeros_(linear->bias);
    }
  }
}

torch::Tensor SwinTransformer3dImpl::forward(torch::Tensor clips) {
  const auto x = norm(features(pos_drop(patch_embed(std::move(clips)))));
  return head(avgpool(x.permute({0, 4, 1, 2, 3})).flatten(1));
}

SwinTransformer3d swin3d_t(std::optional<Swin3D_T_Weights> weights, SwinTransformer3dOptions options) {
  return swin3d::build(weights, options, 6, /*wide=*/false);
}

SwinTransformer3d swin3d_s(std::optional<Swin3D_S_Weights> weights, SwinTransformer3dOptions options) {
  return swin3d::build(weights, options, 18, /*wide=*/false);
}

SwinTransformer3d swin3d_b(std::optional<Swin3D_B_Weights> weights, SwinTransformer3dOptions options) {
  return swin3d::build(weights, options, 18, /*wide=*/true);
}

}  // namespace opsis::inline v1::models::video
