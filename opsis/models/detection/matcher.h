// Which of many boxes are to learn from which target, and which of them are taken into a training step.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::models::detection {

/// The target of each prediction, by how well they go together: the best one when that is good enough.
///     Matcher match{.high_threshold = 0.7, .low_threshold = 0.3};
///     match(ops::box_iou(targets, anchors));   // (targets, anchors) -> (anchors)
/// Source   torchvision.models.detection._utils.Matcher
struct OPSIS_API Matcher {
  static constexpr int64_t BELOW_LOW_THRESHOLD = -1;  ///< of predictions that show none of the targets
  static constexpr int64_t BETWEEN_THRESHOLDS = -2;   ///< of those that nothing can be said of

  double high_threshold = 0.5;  ///< from here on it is a match
  double low_threshold = 0.5;   ///< below it is none
  /// Every target gets its best predictions, several where they are equally good, unless none touches it or they have a better
  /// one.
  bool allow_low_quality_matches = false;

  /// Shapes   qualities (M targets, N predictions) -> (N) int64: a target's number, or one of the two above
  /// Throws   ValueError when low_threshold > high_threshold, and without targets or predictions
  torch::Tensor operator()(const torch::Tensor& match_quality_matrix) const;
};

/// The matches of one threshold, and each target's best prediction whatever its quality.
/// Source   torchvision.models.detection._utils.SSDMatcher
struct OPSIS_API SSDMatcher {
  double threshold = 0.5;

  torch::Tensor operator()(const torch::Tensor& match_quality_matrix) const;
};

/// Takes at random so many of each image's boxes, at most a fraction of them positive ones.
/// Source   torchvision.models.detection._utils.BalancedPositiveNegativeSampler
struct OPSIS_API BalancedPositiveNegativeSampler {
  int64_t batch_size_per_image = 256;
  double positive_fraction = 0.5;

  /// Labels of one image's boxes: 0 is negative, 1 and more positive, less is left out. Gives masks: those taken of the
  /// positive and of the negative ones.
  /// Shapes   (N) -> (N), (N) bool
  /// Draws    torch.randperm(positive ones), then torch.randperm(negative ones), from the labels' device
  std::pair<torch::Tensor, torch::Tensor> operator()(const torch::Tensor& labels) const;
};

namespace detail {

/// Refuses the thresholds of which no Matcher can be made, before there is anything to match.
/// Throws   ValueError: "RoIHeads: bg_iou_thresh must not be above fg_iou_thresh, got 0.7 and 0.3"
void check_iou_thresholds(std::string_view owner, double fg_iou_thresh, double bg_iou_thresh);

}  // namespace detail
}  // namespace opsis::inline v1::models::detection
