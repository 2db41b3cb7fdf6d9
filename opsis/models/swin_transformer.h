// Swin:    Hierarchical Vision Transformer using Shifted Windows, https://arxiv.org/abs/2103.14030
// Swin V2: Scaling Up Capacity and Resolution, https://arxiv.org/abs/2111.09883
#pragma once

#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/pooling.h>

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

/// V2 norms behind attention and MLP instead of before, attends by the cosine, and computes the position bias by a small MLP.
enum class SwinVersion { V1, V2 };

/// The sizes of a variant. Pairs are {vertical, horizontal}.
struct SwinTransformerSize {
  std::array<int64_t, 2> patch_size;
  int64_t embed_dim;  ///< channels of the first stage; each further one has twice as many
  std::vector<int64_t> depths, num_heads;
  std::array<int64_t, 2> window_size;
  SwinVersion version = SwinVersion::V1;
};

/// A block of a Swin Transformer, as whoever makes one needs to know it.
struct SwinBlock {
  int64_t dim, num_heads;
  std::array<int64_t, 2> window_size, shift_size;  ///< {vertical, horizontal}
  double mlp_ratio, dropout, attention_dropout, stochastic_depth_prob;
  NormLayer norm_layer;
};

/// Makes a block: (N, H, W, dim) -> the same shape.
using SwinBlockLayer = std::function<Layer(const SwinBlock& block)>;

/// Makes what stands between two stages: (N, H, W, dim) -> (N, H / 2, W / 2, 2 * dim), rounded up.
using SwinDownsampleLayer = std::function<Layer(int64_t dim, const NormLayer& norm_layer)>;

/// Those of both versions.
/// Source   torchvision.models.swin_transformer.SwinTransformerBlock, SwinTransformerBlockV2, PatchMerging, PatchMergingV2
OPSIS_API Layer swin_transformer_block(const SwinBlock& block);
OPSIS_API Layer swin_transformer_block_v2(const SwinBlock& block);
OPSIS_API Layer patch_merging(int64_t dim, const NormLayer& norm_layer);
OPSIS_API Layer patch_merging_v2(int64_t dim, const NormLayer& norm_layer);

struct SwinTransformerOptions {
  std::optional<int64_t> num_classes{};  ///< 1000
  double mlp_ratio = 4;                  ///< of the channels between the MLPs' layers
  double dropout = 0;
  double attention_dropout = 0;
  /// Of leaving out the last block; the first is never, those between in proportion. 0.2 to 0.5, by variant.
  std::optional<double> stochastic_depth_prob{};
  NormLayer norm_layer{};                  ///< torch::nn::LayerNorm with eps 1e-5
  int64_t in_channels = 3;                 ///< of the images
  SwinBlockLayer block{};                  ///< that of the version; the builders of V2 take no other
  SwinDownsampleLayer downsample_layer{};  ///< likewise
};

/// Images (N, C, H, W) of any size, normalised -> logits (N, num_classes). Built after torch::manual_seed(s), it has the
/// parameters that Python's has after torch.manual_seed(s).
/// Throws   ValueError when depths and num_heads are not of the same length
/// Source   torchvision.models.SwinTransformer
class OPSIS_API SwinTransformerImpl : public ImageClassifier {
 public:
  explicit SwinTransformerImpl(const SwinTransformerSize& size, const SwinTransformerOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;

  Sequential features{nullptr};
  Layer norm, permute;
  Observed<torch::nn::AdaptiveAvgPool2d> avgpool{nullptr};
  Layer flatten;
  Observed<torch::nn::Linear> head{nullptr};
};
TORCH_MODULE(SwinTransformer);

struct OPSIS_API Swin_T_Weights : Weights {
  static const Swin_T_Weights IMAGENET1K_V1;
  static constexpr const Swin_T_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API Swin_S_Weights : Weights {
  static const Swin_S_Weights IMAGENET1K_V1;
  static constexpr const Swin_S_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API Swin_B_Weights : Weights {
  static const Swin_B_Weights IMAGENET1K_V1;
  static constexpr const Swin_B_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API Swin_V2_T_Weights : Weights {
  static const Swin_V2_T_Weights IMAGENET1K_V1;
  static constexpr const Swin_V2_T_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API Swin_V2_S_Weights : Weights {
  static const Swin_V2_S_Weights IMAGENET1K_V1;
  static constexpr const Swin_V2_S_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API Swin_V2_B_Weights : Weights {
  static const Swin_V2_B_Weights IMAGENET1K_V1;
  static constexpr const Swin_V2_B_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   what load_weights throws
/// Source   the function of the same name in torchvision.models
OPSIS_API SwinTransformer swin_t(std::optional<Swin_T_Weights> weights = {}, SwinTransformerOptions options = {});
OPSIS_API SwinTransformer swin_s(std::optional<Swin_S_Weights> weights = {}, SwinTransformerOptions options = {});
OPSIS_API SwinTransformer swin_b(std::optional<Swin_B_Weights> weights = {}, SwinTransformerOptions options = {});
OPSIS_API SwinTransformer swin_v2_t(std::optional<Swin_V2_T_Weights> weights = {}, SwinTransformerOptions options = {});
OPSIS_API SwinTransformer swin_v2_s(std::optional<Swin_V2_S_Weights> weights = {}, SwinTransformerOptions options = {});
OPSIS_API SwinTransformer swin_v2_b(std::optional<Swin_V2_B_Weights> weights = {}, SwinTransformerOptions options = {});

}  // namespace opsis::inline v1::models
