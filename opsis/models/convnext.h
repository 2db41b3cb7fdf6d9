// ConvNeXt: A ConvNet for the 2020s, https://arxiv.org/abs/2201.03545
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

/// A stage of a ConvNeXt.
/// Source   torchvision.models.convnext.CNBlockConfig
struct CNBlockConfig {
  int64_t input_channels;
  std::optional<int64_t> out_channels;  ///< of the convolution that halves the resolution behind the stage; none: there is none
  int64_t num_layers;
};

/// Makes a block: images (N, channels, H, W) -> the same shape.
using ConvNeXtBlock = std::function<Layer(int64_t channels, double layer_scale, double stochastic_depth_prob)>;

struct ConvNeXtOptions {
  std::optional<int64_t> num_classes{};  ///< 1000
  /// Of leaving out the last block; the first is never, those between in proportion. 0.1 to 0.5, by variant.
  std::optional<double> stochastic_depth_prob{};
  double layer_scale = 1e-6;  ///< what the blocks' results are multiplied by in the beginning
  NormLayer norm_layer{};     ///< of the stem, between the stages and before the head: LayerNorm2d with eps 1e-6
  int64_t in_channels = 3;    ///< of the images
  ConvNeXtBlock block{};      ///< the paper's
};

/// Images (N, C, H, W), normalised, 32 x 32 and up -> logits (N, num_classes). Built after torch::manual_seed(s), it has the
/// parameters that Python's has after torch.manual_seed(s).
/// Throws   ValueError when there are no stages
/// Source   torchvision.models.ConvNeXt
class OPSIS_API ConvNeXtImpl : public ImageClassifier {
 public:
  explicit ConvNeXtImpl(const std::vector<CNBlockConfig>& stages, const ConvNeXtOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;

  Sequential features{nullptr};
  Observed<torch::nn::AdaptiveAvgPool2d> avgpool{nullptr};
  Sequential classifier{nullptr};
};
TORCH_MODULE(ConvNeXt);

struct OPSIS_API ConvNeXt_Tiny_Weights : Weights {
  static const ConvNeXt_Tiny_Weights IMAGENET1K_V1;
  static constexpr const ConvNeXt_Tiny_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API ConvNeXt_Small_Weights : Weights {
  static const ConvNeXt_Small_Weights IMAGENET1K_V1;
  static constexpr const ConvNeXt_Small_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API ConvNeXt_Base_Weights : Weights {
  static const ConvNeXt_Base_Weights IMAGENET1K_V1;
  static constexpr const ConvNeXt_Base_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API ConvNeXt_Large_Weights : Weights {
  static const ConvNeXt_Large_Weights IMAGENET1K_V1;
  static constexpr const ConvNeXt_Large_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   what load_weights throws
/// Source   the function of the same name in torchvision.models
OPSIS_API ConvNeXt convnext_tiny(std::optional<ConvNeXt_Tiny_Weights> weights = {}, ConvNeXtOptions options = {});
OPSIS_API ConvNeXt convnext_small(std::optional<ConvNeXt_Small_Weights> weights = {}, ConvNeXtOptions options = {});
OPSIS_API ConvNeXt convnext_base(std::optional<ConvNeXt_Base_Weights> weights = {}, ConvNeXtOptions options = {});
OPSIS_API ConvNeXt convnext_large(std::optional<ConvNeXt_Large_Weights> weights = {}, ConvNeXtOptions options = {});

}  // namespace opsis::inline v1::models
