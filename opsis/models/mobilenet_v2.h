// MobileNetV2: Inverted Residuals and Linear Bottlenecks, https://arxiv.org/abs/1801.04381
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

/// Makes a block: images (N, in, H, W) -> (N, out, H / stride, W / stride).
using MobileNetV2BlockLayer =
    std::function<Layer(int64_t in, int64_t out, int64_t stride, int64_t expand_ratio, const NormLayer& norm_layer)>;

struct MobileNetV2Options {
  std::optional<int64_t> num_classes{};  ///< 1000
  double width_mult = 1;                 ///< of the channels of every layer
  /// The stages: t (expansion), c (channels), n (blocks) and s (stride of the first) of the paper's table 2. Empty: the paper's.
  std::vector<std::array<int64_t, 4>> inverted_residual_setting{};
  int64_t round_nearest = 8;      ///< channels are multiples of it
  NormLayer norm_layer{};         ///< torch::nn::BatchNorm2d
  double dropout = 0.2;           ///< before the linear layer
  int64_t in_channels = 3;        ///< of the images
  MobileNetV2BlockLayer block{};  ///< the paper's inverted residual
};

/// Images (N, C, H, W), normalised -> logits (N, num_classes). Built after torch::manual_seed(s), it has the parameters that
/// Python's has after torch.manual_seed(s).
/// Throws   ValueError when a stride is neither 1 nor 2
/// Source   torchvision.models.MobileNetV2
class OPSIS_API MobileNetV2Impl : public ImageClassifier {
 public:
  explicit MobileNetV2Impl(const MobileNetV2Options& options = {});
  torch::Tensor forward(torch::Tensor images) override;

  Sequential features{nullptr}, classifier{nullptr};
};
TORCH_MODULE(MobileNetV2);

struct OPSIS_API MobileNet_V2_Weights : Weights {
  static const MobileNet_V2_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const MobileNet_V2_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};

/// Builds the network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   what load_weights throws
/// Source   torchvision.models.mobilenet_v2
OPSIS_API MobileNetV2 mobilenet_v2(std::optional<MobileNet_V2_Weights> weights = {}, MobileNetV2Options options = {});

}  // namespace opsis::inline v1::models
