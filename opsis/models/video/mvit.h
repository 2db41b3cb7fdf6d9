// MViT:   Multiscale Vision Transformers, https://arxiv.org/abs/2104.11227
// MViTv2: Improved Multiscale Vision Transformers for Classification and Detection, https://arxiv.org/abs/2112.01526
#pragma once

#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>

#include <array>
#include <optional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::video {

/// A block. Kernels and strides are of the pooling of queries and of keys and values, over time, height and width; where a list
/// is empty, they are not pooled.
struct MSBlockConfig {
  int64_t num_heads, input_channels, output_channels;
  std::vector<int64_t> kernel_q, kernel_kv, stride_q, stride_kv;
};

/// What makes a variant of the MViT.
struct MViTSize {
  std::vector<MSBlockConfig> blocks;
  bool residual_pool = false;            ///< pooled queries are added to what attention gives
  bool residual_with_cls_embed = false;  ///< that of the class token too
  bool rel_pos_embed = false;            ///< where pixels stand to each other counts, not where they stand
  bool proj_after_attn = false;          ///< channels grow by attention and not by the perceptron
};

/// What can be chosen of an MViT. What its weights fix may be left out or must be the
/// same, but for num_classes, of which another number makes a new head.
struct MViTOptions {
  std::optional<int64_t> num_classes{};           ///< 400
  std::optional<Size> spatial_size{};             ///< of the frames: 224 x 224
  std::optional<int64_t> temporal_size{};         ///< frames of a clip: 16
  double dropout = 0.5;                           ///< before the head
  double attention_dropout = 0;                   ///< behind attention and in the perceptrons
  std::optional<double> stochastic_depth_prob{};  ///< of the last block, less before it: 0.2 in the builders, else 0
  NormLayer norm_layer{};                         ///< torch::nn::LayerNorm with eps 1e-6
  std::array<int64_t, 3> patch_embed_kernel{3, 7, 7};
  std::array<int64_t, 3> patch_embed_stride{2, 4, 4};
  std::array<int64_t, 3> patch_embed_padding{1, 3, 3};
  int64_t in_channels = 3;  ///< of the clips; with weights, the first convolution's filters are adapted
};

/// Clips (N, 3, temporal_size, height, width), normalised -> logits (N, num_classes); (N, 3, H, W) is a clip of one frame. Built
/// after torch::manual_seed(s), it has the parameters that Python's has after torch.manual_seed(s).
/// Throws   ValueError when there are no blocks, and for clips of another size
/// Differs  has no `block`: blocks are the paper's
/// Source   torchvision.models.video.MViT
class OPSIS_API MViTImpl : public VideoClassifier {
 public:
  explicit MViTImpl(const MViTSize& size, const MViTOptions& options = {});
  torch::Tensor forward(torch::Tensor clips) override;

  Observed<torch::nn::Conv3d> conv_proj{nullptr};
  Layer pos_encoding;
  torch::nn::ModuleList blocks;
  Layer norm;
  Sequential head{nullptr};

 private:
  std::array<int64_t, 3> patches_;  // of a clip
};
TORCH_MODULE(MViT);

struct OPSIS_API MViT_V1_B_Weights : Weights {
  static const MViT_V1_B_Weights KINETICS400_V1;
  static constexpr const MViT_V1_B_Weights& DEFAULT = KINETICS400_V1;
  static List all() { return {&KINETICS400_V1}; }
};
struct OPSIS_API MViT_V2_S_Weights : Weights {
  static const MViT_V2_S_Weights KINETICS400_V1;
  static constexpr const MViT_V2_S_Weights& DEFAULT = KINETICS400_V1;
  static List all() { return {&KINETICS400_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head.
/// Throws   ValueError when an option contradicts the weights; what load_weights throws
/// Differs  another size of clips can be asked for when there are no weights
/// Source   the function of the same name in torchvision.models.video
OPSIS_API MViT mvit_v1_b(std::optional<MViT_V1_B_Weights> weights = {}, MViTOptions options = {});
OPSIS_API MViT mvit_v2_s(std::optional<MViT_V2_S_Weights> weights = {}, MViTOptions options = {});

}  // namespace opsis::inline v1::models::video
