// Non-maximum suppression: of boxes that overlap, the best stays.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"

namespace opsis::inline v1::ops {

/// Numbers of the boxes that stay, best first: a box leaves when it overlaps with a better one that stays by more than the
/// threshold (box_iou). Of equal scores the earlier box is the better one; a score that is no number is above all others.
///     nms(boxes, scores, 0.5)   // [[0, 0, 4, 4], [0, 0, 4, 3], [5, 5, 6, 6]], [0.3, 0.9, 0.5] -> [1, 2]
/// Shapes   boxes (N, 4) XYXY, scores (N) -> (K) int64
/// Types    float32 or float64, on CUDA float16 too, the same for both; under autocast float32. Or both quantized to whole
///          numbers of one type, all coordinates by one scale
/// Throws   ValueError for other shapes and types, and for tensors of the meta device, as all below
/// Source   torchvision.ops.nms
OPSIS_API torch::Tensor nms(const torch::Tensor& boxes, const torch::Tensor& scores, double iou_threshold);

/// nms among the boxes of each class: `idxs` names the class of each box. Up to 1000 boxes (25,000 on a GPU) are moved apart class by class
/// first, as torchvision does, which can round a coordinate; nms_per_class never does, which is taken too while torch::jit traces.
/// Shapes   boxes (N, 4) XYXY, scores (N), idxs (N), or (1) for all boxes -> (K) int64, best first
/// Types    those of nms that are not quantized; when there are no boxes, any
/// Differs  of more boxes than those torchvision takes one class for the first box's, and forgets all others
/// Source   torchvision.ops.batched_nms
OPSIS_API torch::Tensor batched_nms(const torch::Tensor& boxes, const torch::Tensor& scores, const torch::Tensor& idxs,
                                    double iou_threshold);

/// nms among the boxes of each class, on the coordinates as they are.
/// Shapes   boxes (N, 4) XYXY, scores (N), idxs (N) -> (K) int64, best first
/// Source   Opsis; equal to torchvision.ops.batched_nms of more than 1000 boxes
OPSIS_API torch::Tensor nms_per_class(const torch::Tensor& boxes, const torch::Tensor& scores, const torch::Tensor& idxs,
                                      double iou_threshold);

/// nms of rotated boxes, by box_iou of theirs.
/// Shapes   boxes (N, 5) CXCYWHR, scores (N) -> (K) int64, best first
/// Types    float32 or float64, the same for both
/// Source   Opsis
OPSIS_API torch::Tensor nms_rotated(const torch::Tensor& boxes, const torch::Tensor& scores, double iou_threshold);

}  // namespace opsis::inline v1::ops
