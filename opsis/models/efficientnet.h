// EfficientNet:   Rethinking Model Scaling for Convolutional Neural Networks, https://arxiv.org/abs/1905.11946
// EfficientNetV2: Smaller Models and Faster Training, https://arxiv.org/abs/2104.00298
#pragma once

#include <torch/nn/modules/pooling.h>

#include <functional>
#include <optional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

/// A stage of an EfficientNet, as a line of table 1 of the first paper and table 4 of the second.
/// Differs  has no width_mult and depth_mult: channels and layers are given as they shall be
/// Source   torchvision.models.efficientnet.MBConvConfig and FusedMBConvConfig
struct MBConvConfig {
  double expand_ratio;
  int64_t kernel, stride, input_channels, out_channels, num_layers;
  bool fused = false;  ///< one convolution expands, where else a 1x1 and one by channel do; no squeeze and excitation
  /// Makes the stage's blocks in place of the papers': of `config`, where the first alone has the stage's stride.
  std::function<Layer(const MBConvConfig& config, double stochastic_depth_prob, const NormLayer& norm_layer)> block{};
};

/// What can be chosen of an EfficientNet.
struct EfficientNetOptions {
  std::optional<int64_t> num_classes{};  ///< 1000
  std::optional<double> dropout{};       ///< before the linear layer: 0.2 to 0.5, by variant
  double stochastic_depth_prob = 0.2;    ///< of leaving out the last block; the first is never, those between in proportion
  NormLayer norm_layer{};                ///< torch::nn::BatchNorm2d; for B5 to B7 and V2 with eps 0.001
  int64_t in_channels = 3;               ///< of the images
};

/// Images (N, C, H, W), normalised -> logits (N, num_classes). Built after torch::manual_seed(s), it has the parameters that
/// Python's has after torch.manual_seed(s).
/// Throws   ValueError when there are no stages or a stride is neither 1 nor 2
/// Source   torchvision.models.EfficientNet
class OPSIS_API EfficientNetImpl : public ImageClassifier {
 public:
  /// `last_channel`: what the last convolution puts out; none: four times the last stage's.
  EfficientNetImpl(const std::vector<MBConvConfig>& stages, std::optional<int64_t> last_channel,
                   const EfficientNetOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;

  Sequential features{nullptr};
  Observed<torch::nn::AdaptiveAvgPool2d> avgpool{nullptr};
  Sequential classifier{nullptr};
};
TORCH_MODULE(EfficientNet);

struct OPSIS_API EfficientNet_B0_Weights : Weights {
  static const EfficientNet_B0_Weights IMAGENET1K_V1;
  static constexpr const EfficientNet_B0_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API EfficientNet_B1_Weights : Weights {
  static const EfficientNet_B1_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const EfficientNet_B1_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API EfficientNet_B2_Weights : Weights {
  static const EfficientNet_B2_Weights IMAGENET1K_V1;
  static constexpr const EfficientNet_B2_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API EfficientNet_B3_Weights : Weights {
  static const EfficientNet_B3_Weights IMAGENET1K_V1;
  static constexpr const EfficientNet_B3_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API EfficientNet_B4_Weights : Weights {
  static const EfficientNet_B4_Weights IMAGENET1K_V1;
  static constexpr const EfficientNet_B4_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API EfficientNet_B5_Weights : Weights {
  static const EfficientNet_B5_Weights IMAGENET1K_V1;
  static constexpr const EfficientNet_B5_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API EfficientNet_B6_Weights : Weights {
  static const EfficientNet_B6_Weights IMAGENET1K_V1;
  static constexpr const EfficientNet_B6_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API EfficientNet_B7_Weights : Weights {
  static const EfficientNet_B7_Weights IMAGENET1K_V1;
  static constexpr const EfficientNet_B7_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API EfficientNet_V2_S_Weights : Weights {
  static const EfficientNet_V2_S_Weights IMAGENET1K_V1;
  static constexpr const EfficientNet_V2_S_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API EfficientNet_V2_M_Weights : Weights {
  static const EfficientNet_V2_M_Weights IMAGENET1K_V1;
  static constexpr const EfficientNet_V2_M_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API EfficientNet_V2_L_Weights : Weights {
  static const EfficientNet_V2_L_Weights IMAGENET1K_V1;
  static constexpr const EfficientNet_V2_L_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   what load_weights throws
/// Source   the function of the same name in torchvision.models
OPSIS_API EfficientNet efficientnet_b0(std::optional<EfficientNet_B0_Weights> weights = {}, EfficientNetOptions options = {});
OPSIS_API EfficientNet efficientnet_b1(std::optional<EfficientNet_B1_Weights> weights = {}, EfficientNetOptions options = {});
OPSIS_API EfficientNet efficientnet_b2(std::optional<EfficientNet_B2_Weights> weights = {}, EfficientNetOptions options = {});
OPSIS_API EfficientNet efficientnet_b3(std::optional<EfficientNet_B3_Weights> weights = {}, EfficientNetOptions options = {});
OPSIS_API EfficientNet efficientnet_b4(std::optional<EfficientNet_B4_Weights> weights = {}, EfficientNetOptions options = {});
OPSIS_API EfficientNet efficientnet_b5(std::optional<EfficientNet_B5_Weights> weights = {}, EfficientNetOptions options = {});
OPSIS_API EfficientNet efficientnet_b6(std::optional<EfficientNet_B6_Weights> weights = {}, EfficientNetOptions options = {});
OPSIS_API EfficientNet efficientnet_b7(std::optional<EfficientNet_B7_Weights> weights = {}, EfficientNetOptions options = {});
OPSIS_API EfficientNet efficientnet_v2_s(std::optional<EfficientNet_V2_S_Weights> weights = {},
                                         EfficientNetOptions options = {});
OPSIS_API EfficientNet efficientnet_v2_m(std::optional<EfficientNet_V2_M_Weights> weights = {},
                                         EfficientNetOptions options = {});
OPSIS_API EfficientNet efficientnet_v2_l(std::optional<EfficientNet_V2_L_Weights> weights = {},
                                         EfficientNetOptions options = {});

}  // namespace opsis::inline v1::models
