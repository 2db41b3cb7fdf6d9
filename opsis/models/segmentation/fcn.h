// Fully Convolutional Networks for Semantic Segmentation, https://arxiv.org/abs/1411.4038
#pragma once

#include <optional>

#include "opsis/core/api.h"
#include "opsis/models/resnet.h"
#include "opsis/models/segmentation/model.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::segmentation {

/// A 3x3 convolution to a quarter of the channels, and a 1x1 to the classes.
/// Shapes   (N, in_channels, H, W) -> (N, channels, H, W)
/// Source   torchvision.models.segmentation.fcn.FCNHead
class OPSIS_API FCNHeadImpl : public SequentialImpl {
 public:
  FCNHeadImpl(int64_t in_channels, int64_t channels);
};
TORCH_MODULE(FCNHead);

/// A ResNet without strides in its last two layers, and an FCNHead.
/// Source   torchvision.models.segmentation.FCN
class OPSIS_API FCNImpl : public SimpleSegmentationModelImpl {
 public:
  FCNImpl(IntermediateLayerGetter backbone, Layer classifier, Layer aux_classifier = {})
      : SimpleSegmentationModelImpl("FCN", std::move(backbone), std::move(classifier), std::move(aux_classifier)) {}
};
TORCH_MODULE(FCN);

struct OPSIS_API FCN_ResNet50_Weights : Weights {
  static const FCN_ResNet50_Weights COCO_WITH_VOC_LABELS_V1;
  static constexpr const FCN_ResNet50_Weights& DEFAULT = COCO_WITH_VOC_LABELS_V1;
  static List all() { return {&COCO_WITH_VOC_LABELS_V1}; }
};
struct OPSIS_API FCN_ResNet101_Weights : Weights {
  static const FCN_ResNet101_Weights COCO_WITH_VOC_LABELS_V1;
  static constexpr const FCN_ResNet101_Weights& DEFAULT = COCO_WITH_VOC_LABELS_V1;
  static List all() { return {&COCO_WITH_VOC_LABELS_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else with those of weights_backbone.
///     auto model = segmentation::fcn_resnet50(segmentation::FCN_ResNet50_Weights::DEFAULT);
///     auto fresh = segmentation::fcn_resnet50({}, {.num_classes = 5, .weights_backbone = std::nullopt});
/// With weights, another num_classes than theirs makes new heads, and other in_channels adapt their filters: see LoadOptions.
/// Throws   ValueError when an option contradicts the weights; what load_weights throws
/// Source   the function of the same name in torchvision.models.segmentation
OPSIS_API FCN fcn_resnet50(std::optional<FCN_ResNet50_Weights> weights = {},
                           SegmentationOptions<ResNet50_Weights> options = {});
OPSIS_API FCN fcn_resnet101(std::optional<FCN_ResNet101_Weights> weights = {},
                            SegmentationOptions<ResNet101_Weights> options = {});

}  // namespace opsis::inline v1::models::segmentation
