// SSDLite: SSD of light layers, from MobileNetV2: Inverted Residuals and Linear Bottlenecks, https://arxiv.org/abs/1801.04381
//          as Searching for MobileNetV3 has it, https://arxiv.org/abs/1905.02244
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/detection/ssd.h"
#include "opsis/models/layer.h"
#include "opsis/models/mobilenet_v3.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::detection {

/// A convolution of 3 in each channel and one of 1, to the scores and to the boxes.
/// Source   torchvision.models.detection.ssdlite.SSDLiteHead
class OPSIS_API SSDLiteHeadImpl : public SSDHeadImpl {
 public:
  SSDLiteHeadImpl(const std::vector<int64_t>& in_channels, const std::vector<int64_t>& num_anchors, int64_t num_classes,
                  const NormLayer& norm_layer);
};
TORCH_MODULE(SSDLiteHead);

/// MobileNetV3's features, in two parts, and four more blocks: six maps.
/// Source   torchvision.models.detection.ssdlite.SSDLiteFeatureExtractorMobileNet
class OPSIS_API SSDLiteFeatureExtractorMobileNetImpl : public torch::nn::Module {
 public:
  /// Of the network's six stages the last `trainable_layers` learn. `width_mult`: of the blocks' channels, which are at least
  /// min_depth.
  /// Throws   ValueError when trainable_layers is not in [0, stages], and when the last stage does not begin with an expansion
  SSDLiteFeatureExtractorMobileNetImpl(const MobileNetV3& network, int64_t trainable_layers, const NormLayer& norm_layer,
                                       double width_mult = 1, int64_t min_depth = 16);
  FeatureMaps forward(torch::Tensor images);

  std::vector<Sequential> features, extra;
};
TORCH_MODULE(SSDLiteFeatureExtractorMobileNet);

struct OPSIS_API SSDLite320_MobileNet_V3_Large_Weights : Weights {
  static const SSDLite320_MobileNet_V3_Large_Weights COCO_V1;
  static constexpr const SSDLite320_MobileNet_V3_Large_Weights& DEFAULT = COCO_V1;
  static List all() { return {&COCO_V1}; }
};

/// What else an SSDLite is made from.
struct SSDLiteParts : SSDParts {
  NormLayer norm_layer{};  ///< torch::nn::BatchNorm2d with eps 0.001 and momentum 0.03
  /// Whether the network's last stage has half the channels, for checkpoints; as weights_backbone has it when absent.
  std::optional<bool> reduced_tail{};
};

using SSDLiteOptions = OneStageOptions<MobileNet_V3_Large_Weights, SSDLiteParts>;

/// Builds the model for images of 320 x 320, to which it brings all others, with the tensors of the weights if there are any,
/// else with those of weights_backbone; without these the network's last stage has half the channels. get_model does as its
/// weights_file does.
///     auto model = detection::ssdlite320_mobilenet_v3_large(detection::SSDLite320_MobileNet_V3_Large_Weights::DEFAULT);
/// With weights, another num_classes than theirs makes a new head: see LoadOptions.
/// Throws   ValueError when trainable_backbone_layers is not in [0, 6]; what load_weights throws
/// Source   torchvision.models.detection.ssdlite320_mobilenet_v3_large
OPSIS_API SSD ssdlite320_mobilenet_v3_large(std::optional<SSDLite320_MobileNet_V3_Large_Weights> weights = {},
                                            SSDLiteOptions options = {});

namespace detail {
/// Whether a checkpoint is of a network whose last stage has half the channels; none: it is of another model.
OPSIS_API std::optional<bool> has_reduced_tail(const std::filesystem::path& checkpoint);
}  // namespace detail

}  // namespace opsis::inline v1::models::detection
