// ResNet:      Deep Residual Learning for Image Recognition, https://arxiv.org/abs/1512.03385
// ResNeXt:     Aggregated Residual Transformations for Deep Neural Networks, https://arxiv.org/abs/1611.05431
// Wide ResNet: Wide Residual Networks, https://arxiv.org/abs/1605.07146
#pragma once

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/pooling.h>

#include <array>
#include <functional>
#include <optional>

#include "opsis/core/api.h"
#include "opsis/models/intermediate_layers.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

/// The residual block: two 3x3 convolutions, or a 3x3 between two 1x1 that put out four times as many channels.
enum class ResNetBlock { BASIC, BOTTLENECK };

/// A block of a ResNet, as whoever makes one needs to know it.
struct ResNetBlockShape {
  int64_t in, planes, stride, dilation, groups, base_width;
  Layer downsample;  ///< of the shortcut, which has none where it fits: to be registered by that name
  NormLayer norm_layer;
};

/// A residual block of another kind: images (N, in, H, W) -> (N, expansion * planes, H / stride, W / stride).
///     const ResNetBlockType mine{.expansion = 1, .make = [](const ResNetBlockShape& shape) { return MyBlock(shape); }};
///     ResNet model(mine, std::array<int64_t, 4>{2, 2, 2, 2});
struct ResNetBlockType {
  int64_t expansion;
  std::function<Layer(const ResNetBlockShape& shape)> make;
};

/// What can be chosen of a ResNet. What the variant fixes (groups of a ResNeXt) may be left out or must be the same.
struct ResNetOptions {
  std::optional<int64_t> num_classes{};      ///< 1000
  bool zero_init_residual = false;           ///< blocks begin as the identity: https://arxiv.org/abs/1706.02677
  std::optional<int64_t> groups{};           ///< of the 3x3 convolutions: 1
  std::optional<int64_t> width_per_group{};  ///< channels of a group where a layer has 64: 64
  /// For layer2, layer3 and layer4: keep the resolution and dilate instead. Bottlenecks only.
  std::array<bool, 3> replace_stride_with_dilation{};
  NormLayer norm_layer{};   ///< torch::nn::BatchNorm2d
  int64_t in_channels = 3;  ///< of the images
};

/// Images (N, C, H, W), normalised -> logits (N, num_classes). Built after torch::manual_seed(s), it has the parameters that
/// Python's has after torch.manual_seed(s). To give it another head:
///     model->fc = model->replace_module("fc", torch::nn::Linear(2048, 10));
/// Throws   ValueError when a basic block is asked for groups, another width or dilation
/// Source   torchvision.models.ResNet
class OPSIS_API ResNetImpl : public ImageClassifier {
 public:
  /// `depths`: the number of blocks in layer1 to layer4.
  ResNetImpl(ResNetBlock block, std::array<int64_t, 4> depths, const ResNetOptions& options = {});
  ResNetImpl(const ResNetBlockType& block, std::array<int64_t, 4> depths, const ResNetOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;
  /// All before avgpool, one after another: what an IntermediateLayerGetter is made from.
  NamedLayers layers() const;

  Observed<torch::nn::Conv2d> conv1{nullptr};
  Layer bn1;
  Observed<torch::nn::ReLU> relu{nullptr};
  Observed<torch::nn::MaxPool2d> maxpool{nullptr};
  Sequential layer1{nullptr}, layer2{nullptr}, layer3{nullptr}, layer4{nullptr};
  Observed<torch::nn::AdaptiveAvgPool2d> avgpool{nullptr};
  Observed<torch::nn::Linear> fc{nullptr};
};
TORCH_MODULE(ResNet);

struct OPSIS_API ResNet18_Weights : Weights {
  static const ResNet18_Weights IMAGENET1K_V1;
  static constexpr const ResNet18_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API ResNet34_Weights : Weights {
  static const ResNet34_Weights IMAGENET1K_V1;
  static constexpr const ResNet34_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API ResNet50_Weights : Weights {
  static const ResNet50_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const ResNet50_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API ResNet101_Weights : Weights {
  static const ResNet101_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const ResNet101_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API ResNet152_Weights : Weights {
  static const ResNet152_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const ResNet152_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API ResNeXt50_32X4D_Weights : Weights {
  static const ResNeXt50_32X4D_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const ResNeXt50_32X4D_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API ResNeXt101_32X8D_Weights : Weights {
  static const ResNeXt101_32X8D_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const ResNeXt101_32X8D_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API ResNeXt101_64X4D_Weights : Weights {
  static const ResNeXt101_64X4D_Weights IMAGENET1K_V1;
  static constexpr const ResNeXt101_64X4D_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API Wide_ResNet50_2_Weights : Weights {
  static const Wide_ResNet50_2_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const Wide_ResNet50_2_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API Wide_ResNet101_2_Weights : Weights {
  static const Wide_ResNet101_2_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const Wide_ResNet101_2_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
///     auto model = resnet50(ResNet50_Weights::IMAGENET1K_V2);
///     auto small = resnet18({}, {.num_classes = 10});
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   ValueError when an option contradicts the weights or the variant; what load_weights throws
/// Source   the function of the same name in torchvision.models
OPSIS_API ResNet resnet18(std::optional<ResNet18_Weights> weights = {}, ResNetOptions options = {});
OPSIS_API ResNet resnet34(std::optional<ResNet34_Weights> weights = {}, ResNetOptions options = {});
OPSIS_API ResNet resnet50(std::optional<ResNet50_Weights> weights = {}, ResNetOptions options = {});
OPSIS_API ResNet resnet101(std::optional<ResNet101_Weights> weights = {}, ResNetOptions options = {});
OPSIS_API ResNet resnet152(std::optional<ResNet152_Weights> weights = {}, ResNetOptions options = {});
OPSIS_API ResNet resnext50_32x4d(std::optional<ResNeXt50_32X4D_Weights> weights = {}, ResNetOptions options = {});
OPSIS_API ResNet resnext101_32x8d(std::optional<ResNeXt101_32X8D_Weights> weights = {}, ResNetOptions options = {});
OPSIS_API ResNet resnext101_64x4d(std::optional<ResNeXt101_64X4D_Weights> weights = {}, ResNetOptions options = {});
OPSIS_API ResNet wide_resnet50_2(std::optional<Wide_ResNet50_2_Weights> weights = {}, ResNetOptions options = {});
OPSIS_API ResNet wide_resnet101_2(std::optional<Wide_ResNet101_2_Weights> weights = {}, ResNetOptions options = {});

}  // namespace opsis::inline v1::models
