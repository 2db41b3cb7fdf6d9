// Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks, https://arxiv.org/abs/1506.01497
// Its second version: Benchmarking Detection Transfer Learning with Vision Transformers, https://arxiv.org/abs/2111.11429
#pragma once

#include <optional>

#include "opsis/core/api.h"
#include "opsis/models/detection/generalized_rcnn.h"
#include "opsis/models/mobilenet_v3.h"
#include "opsis/models/resnet.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::detection {

/// The parts of a detector in two stages. Those left out are torchvision's.
struct RCNNParts {
  TransformOptions transform{};
  RPNOptions rpn{};
  BoxOptions box{};
};

/// What can be chosen of a model: torchvision's min_size is transform.min_size, its rpn_nms_thresh is rpn.nms_thresh, its
/// box_score_thresh is box.score_thresh. With weights, another num_classes than theirs makes a new head.
template <class BackboneWeights, bool trained_backbone = true>
struct FasterRCNNOptions {
  std::optional<int64_t> num_classes{};  ///< with the background, which is 0: 91, those of COCO
  /// Of the network, when the model has no weights itself: downloaded when they are not there; std::nullopt: as initialised.
  std::optional<BackboneWeights> weights_backbone =
      trained_backbone ? std::optional<BackboneWeights>(BackboneWeights::IMAGENET1K_V1) : std::nullopt;
  /// How many layers of a trained network learn, from its end: 3. One that is not trained learns whole.
  std::optional<int64_t> trainable_backbone_layers{};
  TransformOptions transform{};
  RPNOptions rpn{};
  BoxOptions box{};
  int64_t in_channels = 3;  ///< of the images; with weights, the first convolution's filters are adapted
};

/// Finds things in images; see DetectionModel. On a network of your own:
///     FasterRCNN model({mobilenet_v2()->features, 1280}, 2,
///                      {.rpn = {.anchor_generator = AnchorGenerator({{32, 64, 128, 256, 512}}, {{0.5, 1, 2}})},
///                       .box = {.roi_pool = MultiScaleRoIAlign({"0"}, 7, 2)}});
/// Throws   ValueError unless there is either num_classes or box.predictor
/// Source   torchvision.models.detection.FasterRCNN
class OPSIS_API FasterRCNNImpl : public GeneralizedRCNNImpl {
 public:
  FasterRCNNImpl(const Backbone& backbone, std::optional<int64_t> num_classes, const RCNNParts& parts = {});

 protected:
  // Of a model that finds more than boxes; branches are whole or empty.
  FasterRCNNImpl(std::string name, const Backbone& backbone, std::optional<int64_t> num_classes, const RCNNParts& parts,
                 BranchOptions mask, BranchOptions keypoint);
};

/// The holder; written out, so that arguments can be given in braces.
class FasterRCNN : public torch::nn::ModuleHolder<FasterRCNNImpl> {
 public:
  using torch::nn::ModuleHolder<FasterRCNNImpl>::ModuleHolder;
  FasterRCNN(const Backbone& backbone, std::optional<int64_t> num_classes, const RCNNParts& parts = {})
      : ModuleHolder(std::make_shared<FasterRCNNImpl>(backbone, num_classes, parts)) {}
};

struct OPSIS_API FasterRCNN_ResNet50_FPN_Weights : Weights {
  static const FasterRCNN_ResNet50_FPN_Weights COCO_V1;
  static constexpr const FasterRCNN_ResNet50_FPN_Weights& DEFAULT = COCO_V1;
  static List all() { return {&COCO_V1}; }
};
struct OPSIS_API FasterRCNN_ResNet50_FPN_V2_Weights : Weights {
  static const FasterRCNN_ResNet50_FPN_V2_Weights COCO_V1;
  static constexpr const FasterRCNN_ResNet50_FPN_V2_Weights& DEFAULT = COCO_V1;
  static List all() { return {&COCO_V1}; }
};
struct OPSIS_API FasterRCNN_MobileNet_V3_Large_FPN_Weights : Weights {
  static const FasterRCNN_MobileNet_V3_Large_FPN_Weights COCO_V1;
  static constexpr const FasterRCNN_MobileNet_V3_Large_FPN_Weights& DEFAULT = COCO_V1;
  static List all() { return {&COCO_V1}; }
};
struct OPSIS_API FasterRCNN_MobileNet_V3_Large_320_FPN_Weights : Weights {
  static const FasterRCNN_MobileNet_V3_Large_320_FPN_Weights COCO_V1;
  static constexpr const FasterRCNN_MobileNet_V3_Large_320_FPN_Weights& DEFAULT = COCO_V1;
  static List all() { return {&COCO_V1}; }
};

/// Each builds its model, with the tensors of the weights if there are any, else with those of weights_backbone.
///     auto model = detection::fasterrcnn_resnet50_fpn(detection::FasterRCNN_ResNet50_FPN_Weights::DEFAULT);
///     auto fresh = detection::fasterrcnn_resnet50_fpn({}, {.num_classes = 5, .transform = {.min_size = {320}}});
/// With weights, another num_classes than theirs makes a new head: see LoadOptions.
/// Throws   ValueError when trainable_backbone_layers is more than there are; what load_weights throws
/// Differs  where torchvision's builder sets a part itself, that of the options goes before it
/// Source   the function of the same name in torchvision.models.detection
OPSIS_API FasterRCNN fasterrcnn_resnet50_fpn(std::optional<FasterRCNN_ResNet50_FPN_Weights> weights = {},
                                             FasterRCNNOptions<ResNet50_Weights> options = {});
OPSIS_API FasterRCNN fasterrcnn_resnet50_fpn_v2(std::optional<FasterRCNN_ResNet50_FPN_V2_Weights> weights = {},
                                                FasterRCNNOptions<ResNet50_Weights, false> options = {});
OPSIS_API FasterRCNN fasterrcnn_mobilenet_v3_large_fpn(std::optional<FasterRCNN_MobileNet_V3_Large_FPN_Weights> weights = {},
                                                       FasterRCNNOptions<MobileNet_V3_Large_Weights> options = {});
/// For small images, min_size 320, and quick.
OPSIS_API FasterRCNN
fasterrcnn_mobilenet_v3_large_320_fpn(std::optional<FasterRCNN_MobileNet_V3_Large_320_FPN_Weights> weights = {},
                                      FasterRCNNOptions<MobileNet_V3_Large_Weights> options = {});

}  // namespace opsis::inline v1::models::detection
