// RetinaNet: Focal Loss for Dense Object Detection, https://arxiv.org/abs/1708.02002
// Its second version: Bridging the Gap Between Anchor-based and Anchor-free Detection, https://arxiv.org/abs/1912.02424
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models/detection/anchors.h"
#include "opsis/models/detection/backbones.h"
#include "opsis/models/detection/box_coder.h"
#include "opsis/models/detection/matcher.h"
#include "opsis/models/detection/one_stage.h"
#include "opsis/models/layer.h"
#include "opsis/models/resnet.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::detection {

/// How far boxes are from where they should be.
enum class BoxLoss { L1, SMOOTH_L1, CIOU, DIOU, GIOU };

/// Four convolutions and one to the scores, the same for every map.
/// Source   torchvision.models.detection.retinanet.RetinaNetClassificationHead
class OPSIS_API RetinaNetClassificationHeadImpl : public torch::nn::Module, public hub::Versioned {
 public:
  RetinaNetClassificationHeadImpl(int64_t in_channels, int64_t num_anchors, int64_t num_classes,
                                  double prior_probability = 0.01, const NormLayer& norm_layer = {});
  /// Shapes   (N, in_channels, H, W) each -> (N, anchors, num_classes)
  torch::Tensor forward(const std::vector<torch::Tensor>& feature_maps);

  Sequential conv{nullptr};
  Observed<torch::nn::Conv2d> cls_logits{nullptr};

 private:
  int64_t num_classes_;
};
TORCH_MODULE(RetinaNetClassificationHead);

/// Likewise to the boxes.
/// Source   torchvision.models.detection.retinanet.RetinaNetRegressionHead
class OPSIS_API RetinaNetRegressionHeadImpl : public torch::nn::Module, public hub::Versioned {
 public:
  RetinaNetRegressionHeadImpl(int64_t in_channels, int64_t num_anchors, const NormLayer& norm_layer = {});
  /// Shapes   (N, in_channels, H, W) each -> (N, anchors, 4)
  torch::Tensor forward(const std::vector<torch::Tensor>& feature_maps);

  Sequential conv{nullptr};
  Observed<torch::nn::Conv2d> bbox_reg{nullptr};
};
TORCH_MODULE(RetinaNetRegressionHead);

/// Both.
/// Source   torchvision.models.detection.retinanet.RetinaNetHead
class OPSIS_API RetinaNetHeadImpl : public OneStageHeadImpl {
 public:
  RetinaNetHeadImpl(int64_t in_channels, int64_t num_anchors, int64_t num_classes, const NormLayer& norm_layer = {});
  HeadOutputs forward(const std::vector<torch::Tensor>& feature_maps) override;
  std::vector<std::string> class_layers() const override;

  RetinaNetClassificationHead classification_head{nullptr};
  RetinaNetRegressionHead regression_head{nullptr};
};
TORCH_MODULE(RetinaNetHead);

/// What else a RetinaNet is made from.
struct RetinaNetParts {
  std::optional<AnchorGenerator> anchor_generator{};  ///< three sizes and three ratios for each of five maps
  std::shared_ptr<OneStageHeadImpl> head{};           ///< RetinaNetHead of the backbone's channels, the anchors and the classes
  std::optional<Matcher> proposal_matcher{};          ///< of the two thresholds, with matches of low quality
  double fg_iou_thresh = 0.5;                         ///< an anchor that overlaps a target so much learns to find it
  double bg_iou_thresh = 0.4;                         ///< one that overlaps all by less learns that there is nothing
  std::optional<BoxLoss> box_loss{};                  ///< L1; of retinanet_resnet50_fpn_v2 GIOU
};

/// Losses "classification" and "bbox_regression". Built after torch::manual_seed(s), it has the parameters that Python's has
/// after torch.manual_seed(s).
/// Throws   ValueError when bg_iou_thresh > fg_iou_thresh, of the two thresholds or of the matcher
/// Source   torchvision.models.detection.RetinaNet
class OPSIS_API RetinaNetImpl : public OneStageDetectorImpl {
 public:
  RetinaNetImpl(Backbone backbone, int64_t num_classes, const TransformOptions& transform = {},
                const ThresholdOptions& thresholds = {}, const RetinaNetParts& parts = {});

  AnchorGenerator anchor_generator;
  Matcher proposal_matcher;
  BoxCoder box_coder;
  BoxLoss box_loss;

 protected:
  torch::Tensor anchors(Size canvas, const std::vector<torch::Tensor>& feature_maps) const override;
  std::vector<int64_t> anchors_per_location() const override;
  DetectionLosses losses_of(const HeadOutputs& outputs, const torch::Tensor& anchors, const std::vector<int64_t>& levels,
                            const std::vector<DetectionTarget>& targets) const override;
  Detection found_in(const HeadOutputs& outputs, const torch::Tensor& anchors, const std::vector<int64_t>& levels,
                     Size size) const override;
};
TORCH_MODULE(RetinaNet);

struct OPSIS_API RetinaNet_ResNet50_FPN_Weights : Weights {
  static const RetinaNet_ResNet50_FPN_Weights COCO_V1;
  static constexpr const RetinaNet_ResNet50_FPN_Weights& DEFAULT = COCO_V1;
  static List all() { return {&COCO_V1}; }
};
struct OPSIS_API RetinaNet_ResNet50_FPN_V2_Weights : Weights {
  static const RetinaNet_ResNet50_FPN_V2_Weights COCO_V1;
  static constexpr const RetinaNet_ResNet50_FPN_V2_Weights& DEFAULT = COCO_V1;
  static List all() { return {&COCO_V1}; }
};

using RetinaNetOptions = OneStageOptions<ResNet50_Weights, RetinaNetParts>;
using RetinaNetV2Options = OneStageOptions<ResNet50_Weights, RetinaNetParts, nullptr>;

/// Each builds its model, with the tensors of the weights if there are any, else with those of weights_backbone.
///     auto model = detection::retinanet_resnet50_fpn(detection::RetinaNet_ResNet50_FPN_Weights::DEFAULT);
///     auto fresh = detection::retinanet_resnet50_fpn_v2({}, {.num_classes = 5, .transform = {.min_size = {320}}});
/// With weights, another num_classes than theirs makes a new head: see LoadOptions.
/// Throws   ValueError when trainable_backbone_layers is not in [0, 5]; what load_weights throws
/// Source   the function of the same name in torchvision.models.detection
OPSIS_API RetinaNet retinanet_resnet50_fpn(std::optional<RetinaNet_ResNet50_FPN_Weights> weights = {},
                                           RetinaNetOptions options = {});
OPSIS_API RetinaNet retinanet_resnet50_fpn_v2(std::optional<RetinaNet_ResNet50_FPN_V2_Weights> weights = {},
                                              RetinaNetV2Options options = {});

}  // namespace opsis::inline v1::models::detection
