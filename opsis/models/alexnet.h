// AlexNet: One weird trick for parallelizing convolutional neural networks, https://arxiv.org/abs/1404.5997
#pragma once

#include <torch/nn/modules/pooling.h>

#include <optional>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

struct AlexNetOptions {
  std::optional<int64_t> num_classes{};  ///< 1000
  double dropout = 0.5;                  ///< before the first two linear layers
  int64_t in_channels = 3;               ///< of the images
};

/// Images (N, C, H, W), normalised, 63 x 63 and up -> logits (N, num_classes). Built after torch::manual_seed(s), it has the
/// parameters that Python's has after torch.manual_seed(s).
/// Source   torchvision.models.AlexNet
class OPSIS_API AlexNetImpl : public ImageClassifier {
 public:
  explicit AlexNetImpl(const AlexNetOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;

  Sequential features{nullptr};
  Observed<torch::nn::AdaptiveAvgPool2d> avgpool{nullptr};
  Sequential classifier{nullptr};
};
TORCH_MODULE(AlexNet);

struct OPSIS_API AlexNet_Weights : Weights {
  static const AlexNet_Weights IMAGENET1K_V1;
  static constexpr const AlexNet_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};

/// Builds the network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   what load_weights throws
/// Source   torchvision.models.alexnet
OPSIS_API AlexNet alexnet(std::optional<AlexNet_Weights> weights = {}, AlexNetOptions options = {});

}  // namespace opsis::inline v1::models
