// Boxes: other formats, areas, overlaps.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/tv_tensors/bounding_boxes.h"

namespace opsis::inline v1::ops {

using tv_tensors::BoundingBoxFormat;

/// The same boxes in another format: a new tensor, the numbers of integers rounded to float32 where halves appear.
///     box_convert(boxes, BoundingBoxFormat::XYWH, BoundingBoxFormat::XYXY)   // [[2, 3, 8, 6]] -> [[2, 3, 10, 9]]
/// Shapes   (..., K of the old format) -> (..., K of the new one)
/// Types    floating point of 16 bits or more, whole numbers
/// Throws   ValueError between upright and rotated formats, when K is not what the old format needs, and for types that
///          LibTorch does not compute with, such as bool, float8 or, where corners are subtracted, uint16
/// Source   torchvision.ops.box_convert
OPSIS_API torch::Tensor box_convert(const torch::Tensor& boxes, BoundingBoxFormat in_fmt, BoundingBoxFormat out_fmt);

/// Shapes   (..., 4) -> (...)
/// Types    float32, float64, int32 and int64 stay; other floating point gives float32, other integers int32
/// Throws   ValueError for rotated formats, and unless a box has four numbers
/// Source   torchvision.ops.box_area
OPSIS_API torch::Tensor box_area(const torch::Tensor& boxes, BoundingBoxFormat fmt = BoundingBoxFormat::XYXY);

/// Intersection over union of every box with every other: 0 for boxes apart, 1 for equal ones; not a number where the union
/// is 0.
///     box_iou(boxes, targets)   // (5, 4), (3, 4) -> (5, 3)
/// Shapes   (..., N, 4), (..., M, 4) -> (..., N, M); rotated (N, K), (M, K) -> (N, M)
/// Types    any number, as box_area; rotated boxes float32 or float64, which give float32
/// Throws   ValueError unless each box has the numbers of its format; for types that LibTorch does not compute with, such as
///          bool or float8; and for boxes on several devices
/// Differs  of rotated boxes that coincide torchvision now and then loses a corner to rounding; here corners are cut in float64
/// Source   torchvision.ops.box_iou
OPSIS_API torch::Tensor box_iou(const torch::Tensor& boxes1, const torch::Tensor& boxes2,
                                BoundingBoxFormat fmt = BoundingBoxFormat::XYXY);

/// box_iou less the share of the smallest box around both that neither covers. https://arxiv.org/abs/1902.09630
/// Shapes, Types and Throws as box_iou of upright boxes
/// Source   torchvision.ops.generalized_box_iou
OPSIS_API torch::Tensor generalized_box_iou(const torch::Tensor& boxes1, const torch::Tensor& boxes2);

/// box_iou less the squared distance of the centres over the squared diagonal of the smallest box around both.
/// https://arxiv.org/abs/1911.08287
/// Shapes, Types and Throws as box_iou of upright boxes
/// Source   torchvision.ops.distance_box_iou
OPSIS_API torch::Tensor distance_box_iou(const torch::Tensor& boxes1, const torch::Tensor& boxes2, double eps = 1e-7);

/// distance_box_iou less a term for unlike aspect ratios, of the same paper.
/// Shapes, Types and Throws as box_iou of upright boxes
/// Source   torchvision.ops.complete_box_iou
OPSIS_API torch::Tensor complete_box_iou(const torch::Tensor& boxes1, const torch::Tensor& boxes2, double eps = 1e-7);

/// Boxes cut at an image: x to [0, width], y to [0, height].
/// Shapes   (..., 4) XYXY -> the same
/// Source   torchvision.ops.clip_boxes_to_image
OPSIS_API torch::Tensor clip_boxes_to_image(const torch::Tensor& boxes, Size size);

/// Numbers of the boxes whose sides are both at least min_size long.
/// Shapes   (N, 4) XYXY -> (K) int64
/// Throws   ValueError unless a box has four numbers, and for tensors of the meta device
/// Source   torchvision.ops.remove_small_boxes
OPSIS_API torch::Tensor remove_small_boxes(const torch::Tensor& boxes, double min_size);

/// The box around what each mask shows, from its first column and row to its last; zeros for an empty mask.
/// Shapes   (N, H, W) -> (N, 4) XYXY float32; without pixels (0, 4)
/// Types    any
/// Source   torchvision.ops.masks_to_boxes
OPSIS_API torch::Tensor masks_to_boxes(const torch::Tensor& masks);

}  // namespace opsis::inline v1::ops
