// MobileNetV3: Searching for MobileNetV3, https://arxiv.org/abs/1905.02244
#pragma once

#include <torch/nn/modules/pooling.h>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

/// A block, as a line of the paper's tables 1 and 2.
struct MobileNetV3Block {
  int64_t input_channels, kernel, expanded_channels, out_channels;
  bool use_se;  ///< squeeze and excitation
  bool use_hs;  ///< hard swish, else ReLU
  int64_t stride, dilation;
};

/// Makes the layers of a block: images (N, input_channels, H, W) -> (N, out_channels, H / stride, W / stride).
using MobileNetV3BlockLayer = std::function<Layer(const MobileNetV3Block& block, const NormLayer& norm_layer)>;

struct MobileNetV3Options {
  std::optional<int64_t> num_classes{};  ///< 1000
  NormLayer norm_layer{};                ///< torch::nn::BatchNorm2d with eps 0.001 and momentum 0.01
  double dropout = 0.2;                  ///< before the last linear layer
  // Of the builders only; MobileNetV3 itself is given its blocks.
  double width_mult = 1;          ///< of the channels of every layer
  bool reduced_tail = false;      ///< half the channels in the last stage
  bool dilated = false;           ///< keep the resolution and dilate in the last stage
  int64_t in_channels = 3;        ///< of the images
  MobileNetV3BlockLayer block{};  ///< the paper's inverted residual
};

/// Images (N, C, H, W), normalised -> logits (N, num_classes). Built after torch::manual_seed(s), it has the parameters that
/// Python's has after torch.manual_seed(s).
/// Throws   ValueError when there are no blocks or a stride is neither 1 nor 2
/// Source   torchvision.models.MobileNetV3
class OPSIS_API MobileNetV3Impl : public ImageClassifier {
 public:
  MobileNetV3Impl(const std::vector<MobileNetV3Block>& blocks, int64_t last_channel, const MobileNetV3Options& options = {});
  torch::Tensor forward(torch::Tensor images) override;

  /// A layer of `features` that halves the resolution, or would if it were not dilated.
  struct Stage {
    size_t position = 0;
    int64_t channels = 0;  ///< of its result
  };
  /// Those, with the first and the last layer whatever they do: what the literature calls C0, C1, ...
  const std::vector<Stage>& stages() const { return stages_; }

  Sequential features{nullptr};
  Observed<torch::nn::AdaptiveAvgPool2d> avgpool{nullptr};
  Sequential classifier{nullptr};

 private:
  std::vector<Stage> stages_;
};
TORCH_MODULE(MobileNetV3);

struct OPSIS_API MobileNet_V3_Large_Weights : Weights {
  static const MobileNet_V3_Large_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const MobileNet_V3_Large_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API MobileNet_V3_Small_Weights : Weights {
  static const MobileNet_V3_Small_Weights IMAGENET1K_V1;
  static constexpr const MobileNet_V3_Small_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   what load_weights throws
/// Source   the function of the same name in torchvision.models
OPSIS_API MobileNetV3 mobilenet_v3_large(std::optional<MobileNet_V3_Large_Weights> weights = {},
                                         MobileNetV3Options options = {});
OPSIS_API MobileNetV3 mobilenet_v3_small(std::optional<MobileNet_V3_Small_Weights> weights = {},
                                         MobileNetV3Options options = {});

namespace detail {
/// The blocks of mobilenet_v3_large and its last channels, for those whose layers are others.
OPSIS_API std::pair<std::vector<MobileNetV3Block>, int64_t> mobilenet_v3_large_blocks(const MobileNetV3Options& options);
}  // namespace detail

}  // namespace opsis::inline v1::models
