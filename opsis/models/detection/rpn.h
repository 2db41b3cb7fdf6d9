// The region proposal network: where in an image there is something. https://arxiv.org/abs/1506.01497, section 3
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <optional>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models/detection/anchors.h"
#include "opsis/models/detection/box_coder.h"
#include "opsis/models/detection/matcher.h"
#include "opsis/models/detection/model.h"
#include "opsis/models/detection/transform.h"
#include "opsis/ops/feature_pyramid_network.h"
#include "opsis/ops/layer.h"

namespace opsis::inline v1::models::detection {

using ops::FeatureMaps;

/// What a head says of the anchors at every pixel of every map.
struct AnchorPredictions {
  std::vector<torch::Tensor> objectness;  ///< (N, anchors, H, W) each
  std::vector<torch::Tensor> deltas;      ///< (N, 4 anchors, H, W) each: BoxCoder's
};

/// Convolutions of 3, then one of 1 that tells whether there is something and one that tells where. Derive from it for a head
/// of your own.
/// Source   torchvision.models.detection.rpn.RPNHead
class OPSIS_API RPNHeadImpl : public torch::nn::Module, public hub::Versioned {
 public:
  RPNHeadImpl(int64_t in_channels, int64_t num_anchors, int64_t conv_depth = 1);
  virtual AnchorPredictions forward(const std::vector<torch::Tensor>& maps);

  ops::Sequential conv{nullptr};
  ops::Observed<torch::nn::Conv2d> cls_logits{nullptr}, bbox_pred{nullptr};
};
TORCH_MODULE(RPNHead);

/// Of RegionProposalNetwork. `rpn_nms_thresh` of torchvision's builders is `rpn.nms_thresh` here, and so on.
struct RPNOptions {
  std::optional<AnchorGenerator> anchor_generator{};  ///< a size for each of five maps, 32 to 512, in three aspect ratios
  RPNHead head{nullptr};                              ///< of one convolution
  int64_t pre_nms_top_n_train = 2000;                 ///< of each map, before boxes that overlap are left out
  std::optional<int64_t> pre_nms_top_n_test{};        ///< 1000, unless the builder has another
  int64_t post_nms_top_n_train = 2000;                ///< of all maps, afterwards
  std::optional<int64_t> post_nms_top_n_test{};       ///< 1000, likewise
  double nms_thresh = 0.7;
  double fg_iou_thresh = 0.7;  ///< anchors that overlap with a target by so much learn to find it
  double bg_iou_thresh = 0.3;  ///< those that do by less than this learn that there is nothing
  int64_t batch_size_per_image = 256;
  double positive_fraction = 0.5;
  std::optional<double> score_thresh{};  ///< 0, unless the builder has another
};

/// Of the anchors at every pixel of the maps, the best ones, moved to what they show.
/// Draws    while training, for each image, what BalancedPositiveNegativeSampler does
/// Source   torchvision.models.detection.rpn.RegionProposalNetwork
class OPSIS_API RegionProposalNetworkImpl : public torch::nn::Module {
 public:
  /// `options` has a generator and a head. Throws ValueError when bg_iou_thresh > fg_iou_thresh.
  explicit RegionProposalNetworkImpl(RPNOptions options);

  struct Output {
    std::vector<torch::Tensor> boxes;  ///< of each image (L, 4), best first, without gradients
    DetectionLosses losses;            ///< while training: loss_objectness, loss_rpn_box_reg
  };
  Output forward(const ImageList& images, const FeatureMaps& maps, const std::vector<DetectionTarget>& targets = {});

  /// Of each image the boxes that the head's predictions make of its anchors.
  std::vector<torch::Tensor> propose(const ImageList& images, const AnchorPredictions& found) const;

  RPNHead head{nullptr};
  RPNOptions options;

 private:
  std::vector<torch::Tensor> proposals(const AnchorPredictions& found, const torch::Tensor& anchors,
                                       const std::vector<Size>& image_sizes) const;
  DetectionLosses losses(const AnchorPredictions& found, const torch::Tensor& anchors,
                         const std::vector<DetectionTarget>& targets) const;

  BoxCoder box_coder_;
};
TORCH_MODULE(RegionProposalNetwork);

}  // namespace opsis::inline v1::models::detection
