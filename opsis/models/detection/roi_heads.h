// What looks at each proposed region: its class, its box, and where asked for its mask or its key points.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <array>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/detection/box_coder.h"
#include "opsis/models/detection/model.h"
#include "opsis/ops/layer.h"
#include "opsis/ops/poolers.h"

namespace opsis::inline v1::models::detection {

using ops::FeatureMaps;
using ops::MultiScaleRoIAlign;

/// Two linear layers with ReLUs.
/// Shapes   (L, C, H, W) -> (L, representation_size)
/// Source   torchvision.models.detection.faster_rcnn.TwoMLPHead
class OPSIS_API TwoMLPHeadImpl : public torch::nn::Module {
 public:
  TwoMLPHeadImpl(int64_t in_channels, int64_t representation_size);
  torch::Tensor forward(torch::Tensor x);

  ops::Observed<torch::nn::Linear> fc6{nullptr}, fc7{nullptr};
};
TORCH_MODULE(TwoMLPHead);

/// Convolutions of 3, then linear layers, with ReLUs.
/// Shapes   (L, C, H, W) of input_size -> (L, the last of fc_layers)
/// Source   torchvision.models.detection.faster_rcnn.FastRCNNConvFCHead
class OPSIS_API FastRCNNConvFCHeadImpl : public ops::SequentialImpl {
 public:
  FastRCNNConvFCHeadImpl(std::array<int64_t, 3> input_size, const std::vector<int64_t>& conv_layers,
                         const std::vector<int64_t>& fc_layers, const ops::NormLayer& norm_layer = {});
};

/// The holder; written out, so that sizes can be given in braces.
class FastRCNNConvFCHead : public torch::nn::ModuleHolder<FastRCNNConvFCHeadImpl> {
 public:
  using torch::nn::ModuleHolder<FastRCNNConvFCHeadImpl>::ModuleHolder;
  FastRCNNConvFCHead(std::array<int64_t, 3> input_size, const std::vector<int64_t>& conv_layers,
                     const std::vector<int64_t>& fc_layers, const ops::NormLayer& norm_layer = {})
      : ModuleHolder(std::make_shared<FastRCNNConvFCHeadImpl>(input_size, conv_layers, fc_layers, norm_layer)) {}
};

/// What is said of regions: (L, classes) and, for each class, BoxCoder's (L, 4 classes).
struct BoxPredictions {
  torch::Tensor class_logits, box_regression;
};

/// A linear layer to the classes, and one to a box for each. Derive from it for a predictor of your own.
/// Shapes   (L, C), (L, C, 1) or (L, C, 1, 1) -> (L, num_classes), (L, 4 num_classes)
/// Source   torchvision.models.detection.faster_rcnn.FastRCNNPredictor
class OPSIS_API FastRCNNPredictorImpl : public torch::nn::Module {
 public:
  FastRCNNPredictorImpl(int64_t in_channels, int64_t num_classes);
  virtual BoxPredictions forward(torch::Tensor x);

  ops::Observed<torch::nn::Linear> cls_score{nullptr}, bbox_pred{nullptr};
};
TORCH_MODULE(FastRCNNPredictor);

/// Of RoIHeads: its boxes. `box_score_thresh` of torchvision's builders is `box.score_thresh` here, and so on.
struct BoxOptions {
  MultiScaleRoIAlign roi_pool{nullptr};  ///< 7 x 7 of maps "0" to "3"
  ops::Layer head{};                     ///< TwoMLPHead of 1024
  FastRCNNPredictor predictor{nullptr};  ///< of num_classes
  double score_thresh = 0.05;            ///< what is less sure is not found
  double nms_thresh = 0.5;               ///< of boxes of a class that overlap by more, the best is found
  int64_t detections_per_img = 100;      ///< at most
  double fg_iou_thresh = 0.5;            ///< regions that overlap with a target by so much learn its class
  double bg_iou_thresh = 0.5;            ///< those that do by less than this are background
  int64_t batch_size_per_image = 512;    ///< regions that are learnt from
  double positive_fraction = 0.25;
  std::array<double, 4> reg_weights{10, 10, 5, 5};  ///< BoxCoder's
};

/// Of RoIHeads: masks or key points. All three or none.
struct BranchOptions {
  MultiScaleRoIAlign roi_pool{nullptr};  ///< 14 x 14 of maps "0" to "3"
  ops::Layer head{};                     ///< the model's
  ops::Layer predictor{};                ///< the model's
};

/// To learn another number of classes, exchange the predictor:
///     auto& heads = *model->roi_heads;
///     heads.box_predictor = heads.replace_module("box_predictor", FastRCNNPredictor(1024, 2));
/// Draws    while training, for each image, what BalancedPositiveNegativeSampler does
/// Source   torchvision.models.detection.roi_heads.RoIHeads
class OPSIS_API RoIHeadsImpl : public torch::nn::Module {
 public:
  /// `box` has all of its modules. Throws ValueError when bg_iou_thresh > fg_iou_thresh.
  explicit RoIHeadsImpl(BoxOptions box, BranchOptions mask = {}, BranchOptions keypoint = {});

  struct Output {
    std::vector<Detection> found;  ///< in evaluation, with masks as the head gives them
    DetectionLosses losses;        ///< while training: loss_classifier, loss_box_reg, and loss_mask or loss_keypoint
  };
  /// `proposals` (L, 4) of each image, on images of image_sizes.
  Output forward(const FeatureMaps& maps, const std::vector<torch::Tensor>& proposals, const std::vector<Size>& image_sizes,
                 const std::vector<DetectionTarget>& targets = {});

  MultiScaleRoIAlign box_roi_pool{nullptr};
  ops::Layer box_head;
  FastRCNNPredictor box_predictor{nullptr};
  MultiScaleRoIAlign mask_roi_pool{nullptr}, keypoint_roi_pool{nullptr};  ///< null: the model has none
  ops::Layer mask_head, mask_predictor, keypoint_head, keypoint_predictor;
  BoxOptions options;

 private:
  // Regions that are learnt from: of each image the boxes, what they are, and which target's they are.
  struct Samples {
    std::vector<torch::Tensor> boxes{}, labels{}, matched{}, codes{};
  };
  Samples select(const std::vector<torch::Tensor>& proposals, const std::vector<DetectionTarget>& targets) const;
  Samples positives(const Samples& samples) const;
  std::vector<Detection> boxes(const BoxPredictions& predictions, const std::vector<torch::Tensor>& proposals,
                               const std::vector<Size>& image_sizes) const;

  BoxCoder box_coder_;
};
TORCH_MODULE(RoIHeads);

}  // namespace opsis::inline v1::models::detection
