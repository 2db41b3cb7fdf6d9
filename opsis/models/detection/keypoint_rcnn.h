// Mask R-CNN for key points, https://arxiv.org/abs/1703.06870, section 5
#pragma once

#include <torch/nn/modules/conv.h>

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/coco_categories.h"
#include "opsis/models/detection/faster_rcnn.h"

namespace opsis::inline v1::models::detection {

/// Of keypointrcnn_resnet50_fpn: FasterRCNNOptions, and key points. While training the shorter side of an image is brought to
/// any of 640, 672, 704, 736, 768 and 800.
template <class BackboneWeights>
struct KeypointRCNNOptions {
  std::optional<int64_t> num_classes{};    ///< with the background, which is 0: 2, the other is a person
  std::optional<int64_t> num_keypoints{};  ///< 17, those of a person in COCO
  std::optional<BackboneWeights> weights_backbone = BackboneWeights::IMAGENET1K_V1;
  std::optional<int64_t> trainable_backbone_layers{};  ///< 3
  TransformOptions transform{};
  RPNOptions rpn{};
  BoxOptions box{};
  BranchOptions keypoint{};  ///< KeypointRCNNHeads of eight layers of 512, KeypointRCNNPredictor
  int64_t in_channels = 3;   ///< of the images; with weights, the first convolution's filters are adapted
};

/// Convolutions of 3 with ReLUs, one layer behind the other.
/// Source   torchvision.models.detection.keypoint_rcnn.KeypointRCNNHeads
class OPSIS_API KeypointRCNNHeadsImpl : public ops::SequentialImpl {
 public:
  KeypointRCNNHeadsImpl(int64_t in_channels, const std::vector<int64_t>& layers);
};
TORCH_MODULE(KeypointRCNNHeads);

/// A heat map for each key point, four times as large.
/// Shapes   (L, in_channels, H, W) -> (L, num_keypoints, 4 H, 4 W)
/// Source   torchvision.models.detection.keypoint_rcnn.KeypointRCNNPredictor
class OPSIS_API KeypointRCNNPredictorImpl : public torch::nn::Module {
 public:
  KeypointRCNNPredictorImpl(int64_t in_channels, int64_t num_keypoints);
  torch::Tensor forward(torch::Tensor x);

  ops::Observed<torch::nn::ConvTranspose2d> kps_score_lowres{nullptr};
};
TORCH_MODULE(KeypointRCNNPredictor);

/// Finds people in images, or other things, and their key points. Its targets have keypoints.
/// Throws   ValueError as FasterRCNN, and when there are both num_keypoints and keypoint.predictor
/// Source   torchvision.models.detection.KeypointRCNN
class OPSIS_API KeypointRCNNImpl : public FasterRCNNImpl {
 public:
  KeypointRCNNImpl(const Backbone& backbone, std::optional<int64_t> num_classes, const RCNNParts& parts = {},
                   BranchOptions keypoint = {}, std::optional<int64_t> num_keypoints = {});
};

/// The holder; written out, so that arguments can be given in braces.
class KeypointRCNN : public torch::nn::ModuleHolder<KeypointRCNNImpl> {
 public:
  using torch::nn::ModuleHolder<KeypointRCNNImpl>::ModuleHolder;
  KeypointRCNN(const Backbone& backbone, std::optional<int64_t> num_classes, const RCNNParts& parts = {},
               BranchOptions keypoint = {}, std::optional<int64_t> num_keypoints = {})
      : ModuleHolder(std::make_shared<KeypointRCNNImpl>(backbone, num_classes, parts, std::move(keypoint), num_keypoints)) {}
};

struct OPSIS_API KeypointRCNN_ResNet50_FPN_Weights : Weights {
  static const KeypointRCNN_ResNet50_FPN_Weights COCO_LEGACY, COCO_V1;
  static constexpr const KeypointRCNN_ResNet50_FPN_Weights& DEFAULT = COCO_V1;
  static List all() { return {&COCO_LEGACY, &COCO_V1}; }
  /// What the key points are called, in the order in which they are found: "nose", ...
  static constexpr std::span<const std::string_view> keypoint_names{kCocoPersonKeypoints};
};

/// As the builders of Faster R-CNN.
///     auto model = detection::keypointrcnn_resnet50_fpn(detection::KeypointRCNN_ResNet50_FPN_Weights::DEFAULT);
///     model->eval();
///     auto noses = model->forward({image})[0].keypoints.select(1, 0);   // (N, 3)
/// Throws   also ValueError when the weights are of another number of key points
/// Source   torchvision.models.detection.keypointrcnn_resnet50_fpn
OPSIS_API KeypointRCNN keypointrcnn_resnet50_fpn(std::optional<KeypointRCNN_ResNet50_FPN_Weights> weights = {},
                                                 KeypointRCNNOptions<ResNet50_Weights> options = {});

}  // namespace opsis::inline v1::models::detection
