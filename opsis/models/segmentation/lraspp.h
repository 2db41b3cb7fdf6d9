// Lite R-ASPP, of "Searching for MobileNetV3", https://arxiv.org/abs/1905.02244
#pragma once

#include <torch/nn/modules/conv.h>

#include <optional>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/mobilenet_v3.h"
#include "opsis/models/segmentation/model.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::segmentation {

/// Scores from coarse features, weighted by what the whole image shows, and from fine ones.
/// Source   torchvision.models.segmentation.lraspp.LRASPPHead
class OPSIS_API LRASPPHeadImpl : public torch::nn::Module {
 public:
  LRASPPHeadImpl(int64_t low_channels, int64_t high_channels, int64_t num_classes, int64_t inter_channels);
  /// `features` has "low" and "high"; the scores are as large as "low".
  torch::Tensor forward(const Features& features);

  Sequential cbr{nullptr}, scale{nullptr};
  Observed<torch::nn::Conv2d> low_classifier{nullptr}, high_classifier{nullptr};
};
using LRASPPHead = Observed<torch::nn::ModuleHolder<LRASPPHeadImpl>>;

/// Images (N, C, H, W), normalised -> scores (N, num_classes, H, W).
/// Differs  as SimpleSegmentationModel
/// Source   torchvision.models.segmentation.LRASPP
class OPSIS_API LRASPPImpl : public SegmentationModel {
 public:
  /// `backbone` gives "low" and "high".
  LRASPPImpl(IntermediateLayerGetter backbone, int64_t low_channels, int64_t high_channels, int64_t num_classes,
             int64_t inter_channels = 128);
  torch::Tensor forward(torch::Tensor images) override;
  std::vector<std::string> heads() const override { return {"classifier.low_classifier", "classifier.high_classifier"}; }

  IntermediateLayerGetter backbone{nullptr};
  LRASPPHead classifier{nullptr};
};
TORCH_MODULE(LRASPP);

struct OPSIS_API LRASPP_MobileNet_V3_Large_Weights : Weights {
  static const LRASPP_MobileNet_V3_Large_Weights COCO_WITH_VOC_LABELS_V1;
  static constexpr const LRASPP_MobileNet_V3_Large_Weights& DEFAULT = COCO_WITH_VOC_LABELS_V1;
  static List all() { return {&COCO_WITH_VOC_LABELS_V1}; }
};

/// Builds the network, with the tensors of the weights if there are any, else with those of weights_backbone.
/// With weights, another num_classes than theirs makes new heads, and other in_channels adapt their filters: see LoadOptions.
/// Throws   ValueError when aux_loss is asked for, which it has not; what load_weights throws
/// Source   torchvision.models.segmentation.lraspp_mobilenet_v3_large
OPSIS_API LRASPP lraspp_mobilenet_v3_large(std::optional<LRASPP_MobileNet_V3_Large_Weights> weights = {},
                                           SegmentationOptions<MobileNet_V3_Large_Weights> options = {});

}  // namespace opsis::inline v1::models::segmentation
