// The course of detectors that judge every anchor at once: images, a batch, maps, a head, and then losses or detections.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/models/detection/backbones.h"
#include "opsis/models/detection/model.h"
#include "opsis/models/detection/transform.h"

namespace opsis::inline v1::models::detection {

/// What a head says of every anchor of every image, map by map as anchors stand.
struct HeadOutputs {
  torch::Tensor cls_logits{};       ///< (N, anchors, classes)
  torch::Tensor bbox_regression{};  ///< (N, anchors, 4)
  torch::Tensor bbox_ctrness{};     ///< (N, anchors, 1): whether it stands in the middle; of FCOS, else undefined
};

/// Judges the anchors of every pixel of feature maps.
class OPSIS_API OneStageHeadImpl : public torch::nn::Module {
 public:
  using torch::nn::Module::Module;
  virtual HeadOutputs forward(const std::vector<torch::Tensor>& feature_maps) = 0;
  /// Names of the layers whose results have a number for each class.
  virtual std::vector<std::string> class_layers() const = 0;
};

/// What is taken of what was found. What is left out is as torchvision has it in that model.
struct ThresholdOptions {
  std::optional<double> score_thresh{};         ///< scores must be above it
  std::optional<double> nms_thresh{};           ///< of boxes of a class that overlap by more, the best stays
  std::optional<int64_t> detections_per_img{};  ///< how many stay at most
  std::optional<int64_t> topk_candidates{};     ///< how many are looked at: of each map, or of each class in SSD
};

/// The same, all known.
struct DetectionThresholds {
  double score_thresh, nms_thresh;
  int64_t detections_per_img, topk_candidates;

  /// These, where the options leave one out.
  DetectionThresholds but(const ThresholdOptions& options) const {
    return {options.score_thresh.value_or(score_thresh), options.nms_thresh.value_or(nms_thresh),
            options.detections_per_img.value_or(detections_per_img), options.topk_candidates.value_or(topk_candidates)};
  }
};

namespace detail {
template <class W>
std::optional<W> copied(const W* weights) {
  return weights ? std::optional(*weights) : std::nullopt;
}
}  // namespace detail

/// What can be chosen of a builder's model: torchvision's min_size is transform.min_size, its score_thresh is
/// thresholds.score_thresh, what else its class takes is in `parts`.
template <class BackboneWeights, class Parts, const BackboneWeights* usual_backbone = &BackboneWeights::IMAGENET1K_V1>
struct OneStageOptions {
  std::optional<int64_t> num_classes{};  ///< 91, those of COCO
  /// Of the network, when the model has no weights itself: downloaded when they are not there; std::nullopt: as initialised.
  std::optional<BackboneWeights> weights_backbone = detail::copied<BackboneWeights>(usual_backbone);
  /// How many layers of a trained network learn, from its end: 3 of RetinaNet and FCOS, 4 of SSD300, 6 of SSDLite. One that is
  /// not trained learns whole.
  std::optional<int64_t> trainable_backbone_layers{};
  TransformOptions transform{};
  ThresholdOptions thresholds{};
  Parts parts{};
  int64_t in_channels = 3;  ///< of the images; with weights, the first convolution's filters are adapted
};

/// Looks at images once.
class OPSIS_API OneStageDetectorImpl : public DetectionModel {
 public:
  std::vector<std::string> heads() const override;
  /// The maps, then HeadOutputs by its members' names.
  ops::FeatureMaps network(torch::Tensor batch) override;

  Backbone backbone;
  std::shared_ptr<OneStageHeadImpl> head;
  GeneralizedRCNNTransform transform{nullptr};
  DetectionThresholds thresholds;
  int64_t num_classes;  ///< with the background, where the model has one

 protected:
  OneStageDetectorImpl(std::string name, Backbone backbone, std::shared_ptr<OneStageHeadImpl> head,
                       const TransformOptions& transform, const DetectionThresholds& thresholds, int64_t num_classes);
  std::vector<Detection> detect(const std::vector<torch::Tensor>& images, const Network& network) final;
  DetectionLosses learn(const std::vector<torch::Tensor>& images, const std::vector<DetectionTarget>& targets) final;

  /// The anchors that all images of a batch have, and how many a pixel of each map has.
  virtual torch::Tensor anchors(Size canvas, const std::vector<torch::Tensor>& feature_maps) const = 0;
  virtual std::vector<int64_t> anchors_per_location() const = 0;
  /// `levels`: how many of the anchors are each map's.
  virtual DetectionLosses losses_of(const HeadOutputs& outputs, const torch::Tensor& anchors,
                                    const std::vector<int64_t>& levels, const std::vector<DetectionTarget>& targets) const = 0;
  /// In one image, of this size in the batch: the outputs are its own, without their first dimension.
  virtual Detection found_in(const HeadOutputs& outputs, const torch::Tensor& anchors, const std::vector<int64_t>& levels,
                             Size size) const = 0;

 private:
  struct Seen {
    GeneralizedRCNNTransformImpl::Batch batch;
    HeadOutputs outputs{};
    torch::Tensor anchors{};
    std::vector<int64_t> levels{};
  };
  Seen look(const std::vector<torch::Tensor>& images, const Network& network, std::vector<DetectionTarget> targets = {});
};

namespace detail {

/// Boxes that may be detections, from several maps or classes.
class OPSIS_API Candidates {
 public:
  /// Those whose scores are above the threshold, and of them the best.
  struct Best {
    torch::Tensor scores, places;
  };
  static Best best(const torch::Tensor& scores, const DetectionThresholds& thresholds);

  void append(torch::Tensor boxes, torch::Tensor scores, torch::Tensor labels);
  /// Of those of a class that overlap, the best.
  Detection suppressed(const DetectionThresholds& thresholds) const;

 private:
  std::vector<torch::Tensor> boxes_, scores_, labels_;
};

/// What an image shows by the scores of each map's anchors, `score(first anchor, anchors)` (anchors, classes), and the boxes
/// that `decode(places)` makes of some of all anchors.
OPSIS_API Detection found_on(const std::vector<int64_t>& levels,
                             const std::function<torch::Tensor(int64_t begin, int64_t count)>& score,
                             const std::function<torch::Tensor(const torch::Tensor& places)>& decode,
                             const DetectionThresholds& thresholds, Size size);

/// For each image the target of each anchor, by `match` of how they overlap; -1 where there is nothing to be found.
/// Shapes   anchors (A, 4) -> (A) int64, each
OPSIS_API std::vector<torch::Tensor> matched(const std::function<torch::Tensor(const torch::Tensor& overlaps)>& match,
                                             const torch::Tensor& anchors, const std::vector<DetectionTarget>& targets);

}  // namespace detail
}  // namespace opsis::inline v1::models::detection
