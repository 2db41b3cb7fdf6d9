// VGG: Very Deep Convolutional Networks for Large-Scale Image Recognition, https://arxiv.org/abs/1409.1556
#pragma once

#include <torch/nn/modules/pooling.h>

#include <optional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

struct VGGOptions {
  std::optional<int64_t> num_classes{};  ///< 1000
  bool init_weights = true;              ///< as in torchvision's training recipe; false: as LibTorch's layers begin
  double dropout = 0.5;                  ///< after the first two linear layers
  int64_t in_channels = 3;               ///< of the images
};

/// Images (N, C, H, W), normalised, 32 x 32 and up -> logits (N, num_classes). Built after torch::manual_seed(s), it has the
/// parameters that Python's has after torch.manual_seed(s).
/// Source   torchvision.models.VGG
class OPSIS_API VGGImpl : public ImageClassifier {
 public:
  /// `stages`: the channels of the convolutions, in groups that a pooling ends; the last has 512.
  explicit VGGImpl(const std::vector<std::vector<int64_t>>& stages, bool batch_norm, const VGGOptions& options = {});
  /// Of other features, which must give 512 channels; `in_channels` is then theirs to say.
  explicit VGGImpl(Sequential features, const VGGOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;

  Sequential features{nullptr};
  Observed<torch::nn::AdaptiveAvgPool2d> avgpool{nullptr};
  Sequential classifier{nullptr};
};
TORCH_MODULE(VGG);

struct OPSIS_API VGG11_Weights : Weights {
  static const VGG11_Weights IMAGENET1K_V1;
  static constexpr const VGG11_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API VGG11_BN_Weights : Weights {
  static const VGG11_BN_Weights IMAGENET1K_V1;
  static constexpr const VGG11_BN_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API VGG13_Weights : Weights {
  static const VGG13_Weights IMAGENET1K_V1;
  static constexpr const VGG13_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API VGG13_BN_Weights : Weights {
  static const VGG13_BN_Weights IMAGENET1K_V1;
  static constexpr const VGG13_BN_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API VGG16_Weights : Weights {
  static const VGG16_Weights IMAGENET1K_V1, IMAGENET1K_FEATURES;
  static constexpr const VGG16_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_FEATURES}; }
};
struct OPSIS_API VGG16_BN_Weights : Weights {
  static const VGG16_BN_Weights IMAGENET1K_V1;
  static constexpr const VGG16_BN_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API VGG19_Weights : Weights {
  static const VGG19_Weights IMAGENET1K_V1;
  static constexpr const VGG19_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API VGG19_BN_Weights : Weights {
  static const VGG19_BN_Weights IMAGENET1K_V1;
  static constexpr const VGG19_BN_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
///     auto model = vgg16(VGG16_Weights::IMAGENET1K_V1);
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   what load_weights throws
/// Source   the function of the same name in torchvision.models
OPSIS_API VGG vgg11(std::optional<VGG11_Weights> weights = {}, VGGOptions options = {});
OPSIS_API VGG vgg11_bn(std::optional<VGG11_BN_Weights> weights = {}, VGGOptions options = {});
OPSIS_API VGG vgg13(std::optional<VGG13_Weights> weights = {}, VGGOptions options = {});
OPSIS_API VGG vgg13_bn(std::optional<VGG13_BN_Weights> weights = {}, VGGOptions options = {});
OPSIS_API VGG vgg16(std::optional<VGG16_Weights> weights = {}, VGGOptions options = {});
OPSIS_API VGG vgg16_bn(std::optional<VGG16_BN_Weights> weights = {}, VGGOptions options = {});
OPSIS_API VGG vgg19(std::optional<VGG19_Weights> weights = {}, VGGOptions options = {});
OPSIS_API VGG vgg19_bn(std::optional<VGG19_BN_Weights> weights = {}, VGGOptions options = {});

}  // namespace opsis::inline v1::models
