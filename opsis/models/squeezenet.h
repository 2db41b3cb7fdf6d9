// SqueezeNet: AlexNet-level accuracy with 50x fewer parameters, https://arxiv.org/abs/1602.07360
#pragma once

#include <optional>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

/// The paper's network, and one that computes 2.4 times less: https://github.com/forresti/SqueezeNet
enum class SqueezeNetVersion { V1_0, V1_1 };

struct SqueezeNetOptions {
  std::optional<int64_t> num_classes{};  ///< 1000
  double dropout = 0.5;                  ///< before the last convolution
  int64_t in_channels = 3;               ///< of the images
};

/// Images (N, C, H, W), normalised, 21 x 21 (V1_0) or 17 x 17 (V1_1) and up -> logits (N, num_classes). Built after
/// torch::manual_seed(s), it has the parameters that Python's has after torch.manual_seed(s).
/// Source   torchvision.models.SqueezeNet
class OPSIS_API SqueezeNetImpl : public ImageClassifier {
 public:
  explicit SqueezeNetImpl(SqueezeNetVersion version = SqueezeNetVersion::V1_0, const SqueezeNetOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;

  Sequential features{nullptr}, classifier{nullptr};
};
TORCH_MODULE(SqueezeNet);

struct OPSIS_API SqueezeNet1_0_Weights : Weights {
  static const SqueezeNet1_0_Weights IMAGENET1K_V1;
  static constexpr const SqueezeNet1_0_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API SqueezeNet1_1_Weights : Weights {
  static const SqueezeNet1_1_Weights IMAGENET1K_V1;
  static constexpr const SqueezeNet1_1_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   what load_weights throws
/// Source   the function of the same name in torchvision.models
OPSIS_API SqueezeNet squeezenet1_0(std::optional<SqueezeNet1_0_Weights> weights = {}, SqueezeNetOptions options = {});
OPSIS_API SqueezeNet squeezenet1_1(std::optional<SqueezeNet1_1_Weights> weights = {}, SqueezeNetOptions options = {});

}  // namespace opsis::inline v1::models
