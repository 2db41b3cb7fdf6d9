// One set of boxes from those of several models.
#pragma once

#include <torch/types.h>

#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::ops {

/// What a model found, or what came of several.
struct LabelledBoxes {
  torch::Tensor boxes;   ///< (N, 4) XYXY
  torch::Tensor scores;  ///< (N)
  torch::Tensor labels;  ///< (N) int64
};

/// Of weighted_boxes_fusion.
struct BoxFusionOptions {
  std::vector<double> weights{};  ///< of the models; 1 each
  double iou_threshold = 0.55;    ///< boxes that overlap by more are of one thing
  double score_threshold = 0;     ///< boxes below it are passed over
};

/// Boxes of one label that overlap become their mean, weighted by score; a score falls where few of the models found the thing.
/// Boxes without area are passed over.
/// https://arxiv.org/abs/1910.13302
///     auto fused = weighted_boxes_fusion({a, b}, {.weights = {2, 1}});
/// Types    float32 or float64, the same for all; labels int64
/// Throws   ValueError for no models, for weights that are not one for each and positive, for corners that are out of order,
///          for other shapes and types, and for tensors of the meta device
/// Source   Opsis; weighted_boxes_fusion of ZFTurbo/Weighted-Boxes-Fusion with conf_type "avg"
OPSIS_API LabelledBoxes weighted_boxes_fusion(const std::vector<LabelledBoxes>& models, const BoxFusionOptions& options = {});

}  // namespace opsis::inline v1::ops
