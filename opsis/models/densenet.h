// DenseNet: Densely Connected Convolutional Networks, https://arxiv.org/abs/1608.06993
#pragma once

#include <torch/nn/modules/linear.h>

#include <array>
#include <optional>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

struct DenseNetOptions {
  std::optional<int64_t> num_classes{};  ///< 1000
  int64_t bn_size = 4;                   ///< the 1x1 convolutions put out so many times the growth rate
  double drop_rate = 0;                  ///< dropout after every layer
  /// Computes the 1x1 convolutions again in the backward pass instead of keeping what they need: less memory, more time.
  /// https://arxiv.org/abs/1707.06990
  bool memory_efficient = false;
  int64_t in_channels = 3;  ///< of the images
};

/// Images (N, C, H, W), normalised, 29 x 29 and up -> logits (N, num_classes). Built after torch::manual_seed(s), it has the
/// parameters that Python's has after torch.manual_seed(s).
/// Source   torchvision.models.DenseNet
class OPSIS_API DenseNetImpl : public ImageClassifier {
 public:
  /// `growth_rate`: the channels that each layer adds; `depths`: the number of layers in the four blocks.
  explicit DenseNetImpl(int64_t growth_rate = 32, std::array<int64_t, 4> depths = {6, 12, 24, 16},
                        int64_t num_init_features = 64, const DenseNetOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;

  Sequential features{nullptr};
  Observed<torch::nn::Linear> classifier{nullptr};
};
TORCH_MODULE(DenseNet);

struct OPSIS_API DenseNet121_Weights : Weights {
  static const DenseNet121_Weights IMAGENET1K_V1;
  static constexpr const DenseNet121_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API DenseNet161_Weights : Weights {
  static const DenseNet161_Weights IMAGENET1K_V1;
  static constexpr const DenseNet161_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API DenseNet169_Weights : Weights {
  static const DenseNet169_Weights IMAGENET1K_V1;
  static constexpr const DenseNet169_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API DenseNet201_Weights : Weights {
  static const DenseNet201_Weights IMAGENET1K_V1;
  static constexpr const DenseNet201_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   what load_weights throws
/// Source   the function of the same name in torchvision.models
OPSIS_API DenseNet densenet121(std::optional<DenseNet121_Weights> weights = {}, DenseNetOptions options = {});
OPSIS_API DenseNet densenet161(std::optional<DenseNet161_Weights> weights = {}, DenseNetOptions options = {});
OPSIS_API DenseNet densenet169(std::optional<DenseNet169_Weights> weights = {}, DenseNetOptions options = {});
OPSIS_API DenseNet densenet201(std::optional<DenseNet201_Weights> weights = {}, DenseNetOptions options = {});

}  // namespace opsis::inline v1::models
