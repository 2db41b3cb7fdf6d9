// Losses of detectors.
#pragma once

#include <torch/types.h>

#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::ops {

/// Cross entropy of logits, in which what is easy weighs less. https://arxiv.org/abs/1708.02002
/// Shapes   inputs (...), targets the same, 0 or 1 -> the same, or () when reduction is "mean" or "sum"
/// Types    floating point, both
/// Throws   ValueError unless alpha is in [0, 1], or -1 for no weighting, and reduction is "none", "mean" or "sum"; and for
///          tensors of unlike shapes, other types or several devices
/// Source   torchvision.ops.sigmoid_focal_loss
OPSIS_API torch::Tensor sigmoid_focal_loss(const torch::Tensor& inputs, const torch::Tensor& targets, double alpha = 0.25,
                                           double gamma = 2, std::string_view reduction = "none");

/// 1 - generalized_box_iou of each box and its target.
/// Shapes   (N, 4) XYXY, the same or (1, 4) for all of them -> (N); (4), (4) -> (); () when reduction is "mean", 0 without
///          boxes, or "sum"
/// Types    float32 and float64 stay, all else gives float32
/// Throws   ValueError unless boxes have four numbers and reduction is "none", "mean" or "sum"; and for targets that do not
///          broadcast to the shape of the boxes, or on another device
/// Source   torchvision.ops.generalized_box_iou_loss
OPSIS_API torch::Tensor generalized_box_iou_loss(const torch::Tensor& boxes1, const torch::Tensor& boxes2,
                                                 std::string_view reduction = "none", double eps = 1e-7);

/// 1 - distance_box_iou of each box and its target; shapes, types and errors as above.
/// Source   torchvision.ops.distance_box_iou_loss
OPSIS_API torch::Tensor distance_box_iou_loss(const torch::Tensor& boxes1, const torch::Tensor& boxes2,
                                              std::string_view reduction = "none", double eps = 1e-7);

/// 1 - complete_box_iou of each box and its target; shapes, types and errors as above.
/// Source   torchvision.ops.complete_box_iou_loss
OPSIS_API torch::Tensor complete_box_iou_loss(const torch::Tensor& boxes1, const torch::Tensor& boxes2,
                                              std::string_view reduction = "none", double eps = 1e-7);

}  // namespace opsis::inline v1::ops
