// Key points of boxes: the heat maps that a head gives for each box, and what it learns from.
#pragma once

#include <torch/types.h>

#include <utility>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::models::detection {

/// The hottest point of each map, stretched over its box: (x, y, 1), and how hot it is.
/// Shapes   maps (N, K, M, M), boxes (N, 4) XYXY -> (N, K, 3), (N, K) float32
/// Types    boxes of any but bool, whose sides are found in it; those of floating point have a gradient
/// Throws   ValueError for other shapes, and for a box that is not of finite numbers or has sides of 2^31 pixels and more
/// Source   torchvision.models.detection.roi_heads.heatmaps_to_keypoints
OPSIS_API std::pair<torch::Tensor, torch::Tensor> heatmaps_to_keypoints(const torch::Tensor& maps, const torch::Tensor& boxes);

/// Where on a map of its box each key point is, counted row by row, and whether it is there and can be seen.
/// Shapes   keypoints (N, K, 3), boxes (N, 4) XYXY -> (N, K), (N, K) int64
/// Source   torchvision.models.detection.roi_heads.keypoints_to_heatmap
OPSIS_API std::pair<torch::Tensor, torch::Tensor> keypoints_to_heatmap(const torch::Tensor& keypoints,
                                                                       const torch::Tensor& boxes, int64_t heatmap_size);

/// How wrong the maps are about the key points that can be seen. Of each image: the boxes, the targets' key points, and the
/// number of each box's target.
/// Shapes   logits (N, K, M, M), boxes (L, 4), keypoints (T, K, 3), matched (L) -> ()
/// Throws   ValueError when maps are not square
/// Source   torchvision.models.detection.roi_heads.keypointrcnn_loss
OPSIS_API torch::Tensor keypoint_loss(const torch::Tensor& logits, const std::vector<torch::Tensor>& boxes,
                                      const std::vector<torch::Tensor>& keypoints, const std::vector<torch::Tensor>& matched);

}  // namespace opsis::inline v1::models::detection
