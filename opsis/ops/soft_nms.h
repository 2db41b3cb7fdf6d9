// Suppression that lowers scores in place of removing boxes.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"

namespace opsis::inline v1::ops {

/// How overlap lowers a score.
enum class Decay {
  Linear,    ///< by its share
  Gaussian,  ///< by its square, smoothly
};

/// Boxes by their numbers, best first, and what their scores became.
struct ScoredBoxes {
  torch::Tensor keep;    ///< (K) int64
  torch::Tensor scores;  ///< (K)
};

/// Of soft_nms.
struct SoftNmsOptions {
  Decay decay = Decay::Linear;
  double iou_threshold = 0.3;     ///< of Linear: overlaps up to it lower nothing
  double sigma = 0.5;             ///< of Gaussian
  double score_threshold = 1e-3;  ///< boxes whose score falls below it leave
};

/// Takes the best box again and again, and lowers the score of those left by their overlap with it: times 1 - iou, or
/// exp(-iou^2 / sigma). https://arxiv.org/abs/1704.04503
/// Shapes   boxes (N, 4) XYXY, scores (N) -> (K) each
/// Types    float32 or float64, the same for both
/// Throws   ValueError for other shapes and types, unless sigma is positive, and for tensors of the meta device
/// Source   Opsis
OPSIS_API ScoredBoxes soft_nms(const torch::Tensor& boxes, const torch::Tensor& scores, const SoftNmsOptions& options = {});

/// Of matrix_nms.
struct MatrixNmsOptions {
  Decay decay = Decay::Gaussian;
  double sigma = 2;  ///< of Gaussian
};

/// All scores at once, each lowered by its overlap with every better box of its class, less so where that box is itself
/// suppressed. Without a gradient, and without a number for each pair of boxes. https://arxiv.org/abs/2003.10152, section 3.3
/// Shapes   boxes (N, 4) XYXY, scores (N), idxs (N) -> (N), in the order that came in
/// Types    float32 or float64, the same for boxes and scores
/// Throws   ValueError for other shapes and types
/// Source   Opsis
OPSIS_API torch::Tensor matrix_nms(const torch::Tensor& boxes, const torch::Tensor& scores, const torch::Tensor& idxs,
                                   const MatrixNmsOptions& options = {});

}  // namespace opsis::inline v1::ops
