// SSD: Single Shot MultiBox Detector, https://arxiv.org/abs/1512.02325
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/models/detection/anchors.h"
#include "opsis/models/detection/backbones.h"
#include "opsis/models/detection/box_coder.h"
#include "opsis/models/detection/matcher.h"
#include "opsis/models/detection/one_stage.h"
#include "opsis/models/layer.h"
#include "opsis/models/vgg.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::detection {

/// A layer for each map, of which each gives `num_columns` numbers for every anchor of a pixel.
/// Source   torchvision.models.detection.ssd.SSDScoringHead
class OPSIS_API SSDScoringHeadImpl : public torch::nn::Module {
 public:
  SSDScoringHeadImpl(std::vector<Layer> layers, int64_t num_columns);
  /// Throws   ValueError unless there is a map for each layer
  /// Shapes   (N, C, H, W) each -> (N, anchors, num_columns)
  torch::Tensor forward(const std::vector<torch::Tensor>& feature_maps);

  std::vector<Layer> module_list;

 private:
  int64_t num_columns_;
};
TORCH_MODULE(SSDScoringHead);

/// Convolutions of 3 to the scores and to the boxes.
/// Source   torchvision.models.detection.ssd.SSDHead
class OPSIS_API SSDHeadImpl : public OneStageHeadImpl {
 public:
  /// Of each map its channels and the anchors of a pixel.
  SSDHeadImpl(const std::vector<int64_t>& in_channels, const std::vector<int64_t>& num_anchors, int64_t num_classes);
  HeadOutputs forward(const std::vector<torch::Tensor>& feature_maps) override;
  std::vector<std::string> class_layers() const override;

  SSDScoringHead classification_head{nullptr}, regression_head{nullptr};

 protected:
  /// Of other layers.
  using OneStageHeadImpl::OneStageHeadImpl;
  void set(std::vector<Layer> classification, std::vector<Layer> regression, int64_t num_classes);
};
TORCH_MODULE(SSDHead);

/// What else an SSD is made from.
struct SSDParts {
  std::shared_ptr<OneStageHeadImpl> head{};  ///< SSDHead of the maps' channels, the anchors and the classes
  double iou_thresh = 0.5;                   ///< an anchor that overlaps a target so much learns to find it
  double positive_fraction = 0.25;           ///< of the anchors that the scores learn from: the others are those most wrong
};

/// Losses "bbox_regression" and "classification". Class 0 is the background.
/// Source   torchvision.models.detection.ssd.SSD
class OPSIS_API SSDImpl : public OneStageDetectorImpl {
 public:
  /// `size`: of the batch's images, whatever `transform` says of sizes.
  /// Throws   ValueError unless the backbone gives a map for each of the generator's lists
  SSDImpl(Backbone backbone, DefaultBoxGenerator anchor_generator, Size size, int64_t num_classes,
          const TransformOptions& transform = {}, const ThresholdOptions& thresholds = {}, const SSDParts& parts = {});

  DefaultBoxGenerator anchor_generator;
  SSDMatcher proposal_matcher;
  BoxCoder box_coder{.weights = {10, 10, 5, 5}};
  double neg_to_pos_ratio;

 protected:
  torch::Tensor anchors(Size canvas, const std::vector<torch::Tensor>& feature_maps) const override;
  std::vector<int64_t> anchors_per_location() const override;
  DetectionLosses losses_of(const HeadOutputs& outputs, const torch::Tensor& anchors, const std::vector<int64_t>& levels,
                            const std::vector<DetectionTarget>& targets) const override;
  Detection found_in(const HeadOutputs& outputs, const torch::Tensor& anchors, const std::vector<int64_t>& levels,
                     Size size) const override;
};
TORCH_MODULE(SSD);

/// VGG-16's convolutions up to the fourth stage, whose result is scaled, and six more blocks: six maps of images of 300 x 300.
/// Source   torchvision.models.detection.ssd.SSDFeatureExtractorVGG
class OPSIS_API SSDFeatureExtractorVGGImpl : public torch::nn::Module {
 public:
  /// `highres`: one more block, for images of 512 x 512. Of the network's five stages the last `trainable_layers` learn.
  /// Throws   ValueError when trainable_layers is not in [0, 5]
  explicit SSDFeatureExtractorVGGImpl(const VGG& network, bool highres = false, int64_t trainable_layers = 4);
  FeatureMaps forward(torch::Tensor images);

  torch::Tensor scale_weight;
  Sequential features{nullptr};
  std::vector<Sequential> extra;
};
TORCH_MODULE(SSDFeatureExtractorVGG);

struct OPSIS_API SSD300_VGG16_Weights : Weights {
  static const SSD300_VGG16_Weights COCO_V1;
  static constexpr const SSD300_VGG16_Weights& DEFAULT = COCO_V1;
  static List all() { return {&COCO_V1}; }
};

using SSD300Options = OneStageOptions<VGG16_Weights, SSDParts, &VGG16_Weights::IMAGENET1K_FEATURES>;

/// Builds the model for images of 300 x 300, to which it brings all others, with the tensors of the weights if there are any,
/// else with those of weights_backbone.
///     auto model = detection::ssd300_vgg16(detection::SSD300_VGG16_Weights::DEFAULT);
/// With weights, another num_classes than theirs makes a new head: see LoadOptions.
/// Throws   ValueError when trainable_backbone_layers is not in [0, 5]; what load_weights throws
/// Source   torchvision.models.detection.ssd300_vgg16
OPSIS_API SSD ssd300_vgg16(std::optional<SSD300_VGG16_Weights> weights = {}, SSD300Options options = {});

}  // namespace opsis::inline v1::models::detection
