// Video Swin Transformer, https://arxiv.org/abs/2106.13230
#pragma once

#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/pooling.h>

#include <array>
#include <optional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::video {

/// The sizes of a variant. Triples are {frames, vertical, horizontal}.
struct SwinTransformer3dSize {
  std::array<int64_t, 3> patch_size{2, 4, 4};
  int64_t embed_dim = 96;  ///< channels of the first stage; each further one has twice as many
  std::vector<int64_t> depths, num_heads;
  std::array<int64_t, 3> window_size{8, 7, 7};
};

/// What can be chosen of a video Swin transformer.
struct SwinTransformer3dOptions {
  std::optional<int64_t> num_classes{};  ///< 400
  double mlp_ratio = 4;                  ///< of the channels between the MLPs' layers
  double dropout = 0;
  double attention_dropout = 0;
  /// Of leaving out the last block; the first is never, those between in proportion.
  double stochastic_depth_prob = 0.1;
  NormLayer norm_layer{};   ///< torch::nn::LayerNorm with eps 1e-5
  int64_t in_channels = 3;  ///< of the clips; with weights, the first convolution's filters are adapted
};

/// Clips (N, 3, T, H, W) of any size, normalised -> logits (N, num_classes). Built after torch::manual_seed(s), it has the
/// parameters that Python's has after torch.manual_seed(s).
/// Throws   ValueError when depths and num_heads are not of the same length
/// Differs  has no `block`, `downsample_layer` and `patch_embed`: they are the paper's
/// Source   torchvision.models.video.SwinTransformer3d
class OPSIS_API SwinTransformer3dImpl : public VideoClassifier {
 public:
  explicit SwinTransformer3dImpl(const SwinTransformer3dSize& size, const SwinTransformer3dOptions& options = {});
  torch::Tensor forward(torch::Tensor clips) override;

  Layer patch_embed;
  Observed<torch::nn::Dropout> pos_drop{nullptr};
  Sequential features{nullptr};
  Layer norm;
  Observed<torch::nn::AdaptiveAvgPool3d> avgpool{nullptr};
  Observed<torch::nn::Linear> head{nullptr};
};
TORCH_MODULE(SwinTransformer3d);

struct OPSIS_API Swin3D_T_Weights : Weights {
  static const Swin3D_T_Weights KINETICS400_V1;
  static constexpr const Swin3D_T_Weights& DEFAULT = KINETICS400_V1;
  static List all() { return {&KINETICS400_V1}; }
};
struct OPSIS_API Swin3D_S_Weights : Weights {
  static const Swin3D_S_Weights KINETICS400_V1;
  static constexpr const Swin3D_S_Weights& DEFAULT = KINETICS400_V1;
  static List all() { return {&KINETICS400_V1}; }
};
struct OPSIS_API Swin3D_B_Weights : Weights {
  static const Swin3D_B_Weights KINETICS400_V1, KINETICS400_IMAGENET22K_V1;
  static constexpr const Swin3D_B_Weights& DEFAULT = KINETICS400_V1;
  static List all() { return {&KINETICS400_V1, &KINETICS400_IMAGENET22K_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head.
/// Throws   what load_weights throws
/// Differs  stochastic_depth_prob can be chosen
/// Source   the function of the same name in torchvision.models.video
OPSIS_API SwinTransformer3d swin3d_t(std::optional<Swin3D_T_Weights> weights = {}, SwinTransformer3dOptions options = {});
OPSIS_API SwinTransformer3d swin3d_s(std::optional<Swin3D_S_Weights> weights = {}, SwinTransformer3dOptions options = {});
OPSIS_API SwinTransformer3d swin3d_b(std::optional<Swin3D_B_Weights> weights = {}, SwinTransformer3dOptions options = {});

}  // namespace opsis::inline v1::models::video
