// FCOS: Fully Convolutional One-Stage Object Detection, https://arxiv.org/abs/1904.01355
//       A Simple and Strong Anchor-free Object Detector, https://arxiv.org/abs/2006.09214
#pragma once

#include <torch/nn/modules/conv.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/detection/anchors.h"
#include "opsis/models/detection/backbones.h"
#include "opsis/models/detection/box_coder.h"
#include "opsis/models/detection/one_stage.h"
#include "opsis/models/layer.h"
#include "opsis/models/resnet.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::detection {

/// Of FCOS's heads.
struct FCOSHeadOptions {
  int64_t num_convs = 4;            ///< before the last one
  double prior_probability = 0.01;  ///< of each class, to begin with
  NormLayer norm_layer{};           ///< torch::nn::GroupNorm of 32 groups
};

/// Convolutions to the scores, the same for every map.
/// Source   torchvision.models.detection.fcos.FCOSClassificationHead
class OPSIS_API FCOSClassificationHeadImpl : public torch::nn::Module {
 public:
  FCOSClassificationHeadImpl(int64_t in_channels, int64_t num_anchors, int64_t num_classes,
                             const FCOSHeadOptions& options = {});
  /// Shapes   (N, in_channels, H, W) each -> (N, anchors, num_classes)
  torch::Tensor forward(const std::vector<torch::Tensor>& feature_maps);

  Sequential conv{nullptr};
  Observed<torch::nn::Conv2d> cls_logits{nullptr};

 private:
  int64_t num_classes_;
};
TORCH_MODULE(FCOSClassificationHead);

/// Likewise to the boxes and to how much in the middle of one a place is.
/// Source   torchvision.models.detection.fcos.FCOSRegressionHead
class OPSIS_API FCOSRegressionHeadImpl : public torch::nn::Module {
 public:
  FCOSRegressionHeadImpl(int64_t in_channels, int64_t num_anchors, const FCOSHeadOptions& options = {});
  /// Shapes   (N, in_channels, H, W) each -> (N, anchors, 4), (N, anchors, 1)
  std::pair<torch::Tensor, torch::Tensor> forward(const std::vector<torch::Tensor>& feature_maps);

  Sequential conv{nullptr};
  Observed<torch::nn::Conv2d> bbox_reg{nullptr}, bbox_ctrness{nullptr};
};
TORCH_MODULE(FCOSRegressionHead);

/// Both.
/// Source   torchvision.models.detection.fcos.FCOSHead
class OPSIS_API FCOSHeadImpl : public OneStageHeadImpl {
 public:
  FCOSHeadImpl(int64_t in_channels, int64_t num_anchors, int64_t num_classes, const FCOSHeadOptions& options = {});
  HeadOutputs forward(const std::vector<torch::Tensor>& feature_maps) override;
  std::vector<std::string> class_layers() const override;

  FCOSClassificationHead classification_head{nullptr};
  FCOSRegressionHead regression_head{nullptr};
};
TORCH_MODULE(FCOSHead);

/// What else an FCOS is made from.
struct FCOSParts {
  std::optional<AnchorGenerator> anchor_generator{};  ///< a square for each pixel of five maps, 8 to 128
  std::shared_ptr<OneStageHeadImpl> head{};           ///< FCOSHead of the backbone's channels and the classes
  double center_sampling_radius = 1.5;  ///< how far from a target's centre a place may be to learn from it, in anchors
};

/// Losses "classification", "bbox_regression" and "bbox_ctrness". Built after torch::manual_seed(s), it has the parameters that
/// Python's has after torch.manual_seed(s).
/// Throws   ValueError unless each place has one anchor
/// Source   torchvision.models.detection.FCOS
class OPSIS_API FCOSImpl : public OneStageDetectorImpl {
 public:
  FCOSImpl(Backbone backbone, int64_t num_classes, const TransformOptions& transform = {},
           const ThresholdOptions& thresholds = {}, const FCOSParts& parts = {});

  AnchorGenerator anchor_generator;
  BoxLinearCoder box_coder;
  double center_sampling_radius;

 protected:
  torch::Tensor anchors(Size canvas, const std::vector<torch::Tensor>& feature_maps) const override;
  std::vector<int64_t> anchors_per_location() const override;
  DetectionLosses losses_of(const HeadOutputs& outputs, const torch::Tensor& anchors, const std::vector<int64_t>& levels,
                            const std::vector<DetectionTarget>& targets) const override;
  Detection found_in(const HeadOutputs& outputs, const torch::Tensor& anchors, const std::vector<int64_t>& levels,
                     Size size) const override;
};
TORCH_MODULE(FCOS);

struct OPSIS_API FCOS_ResNet50_FPN_Weights : Weights {
  static const FCOS_ResNet50_FPN_Weights COCO_V1;
  static constexpr const FCOS_ResNet50_FPN_Weights& DEFAULT = COCO_V1;
  static List all() { return {&COCO_V1}; }
};

using FCOSOptions = OneStageOptions<ResNet50_Weights, FCOSParts>;

/// Builds the model, with the tensors of the weights if there are any, else with those of weights_backbone.
///     auto model = detection::fcos_resnet50_fpn(detection::FCOS_ResNet50_FPN_Weights::DEFAULT);
/// With weights, another num_classes than theirs makes a new head: see LoadOptions.
/// Throws   ValueError when trainable_backbone_layers is not in [0, 5]; what load_weights throws
/// Source   torchvision.models.detection.fcos_resnet50_fpn
OPSIS_API FCOS fcos_resnet50_fpn(std::optional<FCOS_ResNet50_FPN_Weights> weights = {}, FCOSOptions options = {});

}  // namespace opsis::inline v1::models::detection
