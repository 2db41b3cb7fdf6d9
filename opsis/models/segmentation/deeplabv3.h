// Rethinking Atrous Convolution for Semantic Image Segmentation, https://arxiv.org/abs/1706.05587
#pragma once

#include <optional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/mobilenet_v3.h"
#include "opsis/models/resnet.h"
#include "opsis/models/segmentation/model.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::segmentation {

/// Atrous spatial pyramid pooling, 256 channels, and two convolutions to the classes.
/// Shapes   (N, in_channels, H, W) -> (N, num_classes, H, W)
/// Source   torchvision.models.segmentation.deeplabv3.DeepLabHead
class OPSIS_API DeepLabHeadImpl : public SequentialImpl {
 public:
  /// `atrous_rates`: the dilations of the pyramid's 3x3 convolutions.
  DeepLabHeadImpl(int64_t in_channels, int64_t num_classes, const std::vector<int64_t>& atrous_rates = {12, 24, 36});
};
TORCH_MODULE(DeepLabHead);

/// A network without strides in its last layers, and a DeepLabHead. In training a batch needs two images: its norms see a single
/// pixel of each.
/// Source   torchvision.models.segmentation.DeepLabV3
class OPSIS_API DeepLabV3Impl : public SimpleSegmentationModelImpl {
 public:
  DeepLabV3Impl(IntermediateLayerGetter backbone, Layer classifier, Layer aux_classifier = {})
      : SimpleSegmentationModelImpl("DeepLabV3", std::move(backbone), std::move(classifier), std::move(aux_classifier)) {}
};
TORCH_MODULE(DeepLabV3);

struct OPSIS_API DeepLabV3_ResNet50_Weights : Weights {
  static const DeepLabV3_ResNet50_Weights COCO_WITH_VOC_LABELS_V1;
  static constexpr const DeepLabV3_ResNet50_Weights& DEFAULT = COCO_WITH_VOC_LABELS_V1;
  static List all() { return {&COCO_WITH_VOC_LABELS_V1}; }
};
struct OPSIS_API DeepLabV3_ResNet101_Weights : Weights {
  static const DeepLabV3_ResNet101_Weights COCO_WITH_VOC_LABELS_V1;
  static constexpr const DeepLabV3_ResNet101_Weights& DEFAULT = COCO_WITH_VOC_LABELS_V1;
  static List all() { return {&COCO_WITH_VOC_LABELS_V1}; }
};
struct OPSIS_API DeepLabV3_MobileNet_V3_Large_Weights : Weights {
  static const DeepLabV3_MobileNet_V3_Large_Weights COCO_WITH_VOC_LABELS_V1;
  static constexpr const DeepLabV3_MobileNet_V3_Large_Weights& DEFAULT = COCO_WITH_VOC_LABELS_V1;
  static List all() { return {&COCO_WITH_VOC_LABELS_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else with those of weights_backbone.
/// With weights, another num_classes than theirs makes new heads, and other in_channels adapt their filters: see LoadOptions.
/// Throws   ValueError when an option contradicts the weights; what load_weights throws
/// Source   the function of the same name in torchvision.models.segmentation
OPSIS_API DeepLabV3 deeplabv3_resnet50(std::optional<DeepLabV3_ResNet50_Weights> weights = {},
                                       SegmentationOptions<ResNet50_Weights> options = {});
OPSIS_API DeepLabV3 deeplabv3_resnet101(std::optional<DeepLabV3_ResNet101_Weights> weights = {},
                                        SegmentationOptions<ResNet101_Weights> options = {});
OPSIS_API DeepLabV3 deeplabv3_mobilenet_v3_large(std::optional<DeepLabV3_MobileNet_V3_Large_Weights> weights = {},
                                                 SegmentationOptions<MobileNet_V3_Large_Weights> options = {});

}  // namespace opsis::inline v1::models::segmentation
