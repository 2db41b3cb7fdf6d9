// Mask R-CNN, https://arxiv.org/abs/1703.06870
// Its second version: Benchmarking Detection Transfer Learning with Vision Transformers, https://arxiv.org/abs/2111.11429
#pragma once

#include <optional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models/detection/faster_rcnn.h"

namespace opsis::inline v1::models::detection {

/// Of maskrcnn_resnet50_fpn and its second version: FasterRCNNOptions, and masks.
template <class BackboneWeights, bool trained_backbone = true>
struct MaskRCNNOptions {
  std::optional<int64_t> num_classes{};  ///< with the background, which is 0: 91, those of COCO
  std::optional<BackboneWeights> weights_backbone =
      trained_backbone ? std::optional<BackboneWeights>(BackboneWeights::IMAGENET1K_V1) : std::nullopt;
  std::optional<int64_t> trainable_backbone_layers{};  ///< 3
  TransformOptions transform{};
  RPNOptions rpn{};
  BoxOptions box{};
  BranchOptions mask{};     ///< MaskRCNNHeads of four layers of 256, MaskRCNNPredictor
  int64_t in_channels = 3;  ///< of the images; with weights, the first convolution's filters are adapted
};

/// Convolutions of 3 with ReLUs.
/// Source   torchvision.models.detection.mask_rcnn.MaskRCNNHeads
class OPSIS_API MaskRCNNHeadsImpl : public ops::SequentialImpl, public hub::Versioned {
 public:
  MaskRCNNHeadsImpl(int64_t in_channels, const std::vector<int64_t>& layers, int64_t dilation,
                    const NormLayer& norm_layer = {});
};
TORCH_MODULE(MaskRCNNHeads);

/// Twice the size, then a mask for each class.
/// Shapes   (L, in_channels, H, W) -> (L, num_classes, 2 H, 2 W)
/// Source   torchvision.models.detection.mask_rcnn.MaskRCNNPredictor
class OPSIS_API MaskRCNNPredictorImpl : public ops::SequentialImpl {
 public:
  MaskRCNNPredictorImpl(int64_t in_channels, int64_t dim_reduced, int64_t num_classes);
};
TORCH_MODULE(MaskRCNNPredictor);

/// Finds things in images, and which pixels are theirs. Its targets have masks.
/// Throws   ValueError as FasterRCNN, and unless there is either num_classes or mask.predictor
/// Source   torchvision.models.detection.MaskRCNN
class OPSIS_API MaskRCNNImpl : public FasterRCNNImpl {
 public:
  MaskRCNNImpl(const Backbone& backbone, std::optional<int64_t> num_classes, const RCNNParts& parts = {},
               BranchOptions mask = {});
};

/// The holder; written out, so that arguments can be given in braces.
class MaskRCNN : public torch::nn::ModuleHolder<MaskRCNNImpl> {
 public:
  using torch::nn::ModuleHolder<MaskRCNNImpl>::ModuleHolder;
  MaskRCNN(const Backbone& backbone, std::optional<int64_t> num_classes, const RCNNParts& parts = {}, BranchOptions mask = {})
      : ModuleHolder(std::make_shared<MaskRCNNImpl>(backbone, num_classes, parts, std::move(mask))) {}
};

struct OPSIS_API MaskRCNN_ResNet50_FPN_Weights : Weights {
  static const MaskRCNN_ResNet50_FPN_Weights COCO_V1;
  static constexpr const MaskRCNN_ResNet50_FPN_Weights& DEFAULT = COCO_V1;
  static List all() { return {&COCO_V1}; }
};
struct OPSIS_API MaskRCNN_ResNet50_FPN_V2_Weights : Weights {
  static const MaskRCNN_ResNet50_FPN_V2_Weights COCO_V1;
  static constexpr const MaskRCNN_ResNet50_FPN_V2_Weights& DEFAULT = COCO_V1;
  static List all() { return {&COCO_V1}; }
};

/// As the builders of Faster R-CNN.
///     auto model = detection::maskrcnn_resnet50_fpn(detection::MaskRCNN_ResNet50_FPN_Weights::DEFAULT);
///     model->eval();
///     auto sure = model->forward({image})[0].masks > 0.5;   // (N, 1, H, W)
/// Source   the function of the same name in torchvision.models.detection
OPSIS_API MaskRCNN maskrcnn_resnet50_fpn(std::optional<MaskRCNN_ResNet50_FPN_Weights> weights = {},
                                         MaskRCNNOptions<ResNet50_Weights> options = {});
OPSIS_API MaskRCNN maskrcnn_resnet50_fpn_v2(std::optional<MaskRCNN_ResNet50_FPN_V2_Weights> weights = {},
                                            MaskRCNNOptions<ResNet50_Weights, false> options = {});

}  // namespace opsis::inline v1::models::detection
