// ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design, https://arxiv.org/abs/1807.11164
#pragma once

#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/pooling.h>

#include <array>
#include <functional>
#include <optional>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

struct ShuffleNetV2Options {
  std::optional<int64_t> num_classes{};  ///< 1000
  int64_t in_channels = 3;               ///< of the images
  /// Makes a block, images (N, in, H, W) -> (N, out, H / stride, W / stride), in place of the paper's.
  std::function<Layer(int64_t in, int64_t out, int64_t stride)> inverted_residual{};
};

/// Images (N, C, H, W), normalised -> logits (N, num_classes). Built after torch::manual_seed(s), it has the parameters that
/// Python's has after torch.manual_seed(s).
/// Source   torchvision.models.ShuffleNetV2
class OPSIS_API ShuffleNetV2Impl : public ImageClassifier {
 public:
  /// `repeats`: blocks in the three stages; `channels`: of the first convolution, the stages and the last convolution.
  ShuffleNetV2Impl(std::array<int64_t, 3> repeats, std::array<int64_t, 5> channels, const ShuffleNetV2Options& options = {});
  torch::Tensor forward(torch::Tensor images) override;

  Sequential conv1{nullptr};
  Observed<torch::nn::MaxPool2d> maxpool{nullptr};
  Sequential stage2{nullptr}, stage3{nullptr}, stage4{nullptr}, conv5{nullptr};
  Observed<torch::nn::Linear> fc{nullptr};
};
TORCH_MODULE(ShuffleNetV2);

struct OPSIS_API ShuffleNet_V2_X0_5_Weights : Weights {
  static const ShuffleNet_V2_X0_5_Weights IMAGENET1K_V1;
  static constexpr const ShuffleNet_V2_X0_5_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API ShuffleNet_V2_X1_0_Weights : Weights {
  static const ShuffleNet_V2_X1_0_Weights IMAGENET1K_V1;
  static constexpr const ShuffleNet_V2_X1_0_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API ShuffleNet_V2_X1_5_Weights : Weights {
  static const ShuffleNet_V2_X1_5_Weights IMAGENET1K_V1;
  static constexpr const ShuffleNet_V2_X1_5_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API ShuffleNet_V2_X2_0_Weights : Weights {
  static const ShuffleNet_V2_X2_0_Weights IMAGENET1K_V1;
  static constexpr const ShuffleNet_V2_X2_0_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   what load_weights throws
/// Source   the function of the same name in torchvision.models
OPSIS_API ShuffleNetV2 shufflenet_v2_x0_5(std::optional<ShuffleNet_V2_X0_5_Weights> weights = {},
                                          ShuffleNetV2Options options = {});
OPSIS_API ShuffleNetV2 shufflenet_v2_x1_0(std::optional<ShuffleNet_V2_X1_0_Weights> weights = {},
                                          ShuffleNetV2Options options = {});
OPSIS_API ShuffleNetV2 shufflenet_v2_x1_5(std::optional<ShuffleNet_V2_X1_5_Weights> weights = {},
                                          ShuffleNetV2Options options = {});
OPSIS_API ShuffleNetV2 shufflenet_v2_x2_0(std::optional<ShuffleNet_V2_X2_0_Weights> weights = {},
                                          ShuffleNetV2Options options = {});

}  // namespace opsis::inline v1::models
