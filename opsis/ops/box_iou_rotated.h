// Overlap of rotated boxes. For Opsis's own sources: box_iou is the front.
#pragma once

#include <torch/types.h>

namespace opsis::inline v1::ops::detail {

/// A rectangle: its centre, its sides, and how far it is turned, in degrees counter-clockwise.
struct RotatedBox {
  double x, y, width, height, angle_degrees;
};

/// Intersection over union; 0 unless both have an area.
double rotated_iou(const RotatedBox& a, const RotatedBox& b);

/// Shapes   (N, 5), (M, 5) CXCYWHR -> (N, M)
/// Types    float32 or float64 -> float32
/// Throws   ValueError for other shapes and types
torch::Tensor box_iou_rotated(const torch::Tensor& boxes1, const torch::Tensor& boxes2);

}  // namespace opsis::inline v1::ops::detail
