// Which boxes and key points are worth keeping.
#pragma once

#include <torch/types.h>

#include <utility>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms::functional {

/// What is left of boxes, and which those are: (N) boolean, for labels and whatever else goes with boxes.
struct SanitizedBoundingBoxes {
  BoundingBoxes boxes;
  torch::Tensor valid;
};
struct SanitizedKeyPoints {
  KeyPoints points;
  torch::Tensor valid;
};

/// Of functional::sanitize_bounding_boxes.
struct SanitizeOptions {
  double min_size = 1.0;  ///< of width and of height, in pixels
  double min_area = 1.0;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("min_size", min_size);
    visit("min_area", min_area);
  }
};

/// Takes out boxes that are too small and those that reach beyond their canvas. Clamp them first where that should not cost
/// them.
///     const auto [boxes, valid] = sanitize_bounding_boxes(found);
///     labels = labels.index({valid});
/// Shapes   (N, K) -> (M, K) and (N) boolean
/// Types    any number; NaN is not valid
/// Source   torchvision.transforms.v2.functional.sanitize_bounding_boxes
OPSIS_API SanitizedBoundingBoxes sanitize_bounding_boxes(const BoundingBoxes& boxes, const SanitizeOptions& options = {});
/// Of a bare tensor, which does not know its format and canvas.
/// Throws   ValueError unless it is (N, K) with the K of the format, and for rotated boxes of whole numbers
OPSIS_API std::pair<torch::Tensor, torch::Tensor> sanitize_bounding_boxes(const torch::Tensor& boxes, BoundingBoxFormat format,
                                                                          Size canvas_size,
                                                                          const SanitizeOptions& options = {});

/// Takes out key points that are not on their canvas. Of groups (N, ..., 2) only those stay that are there whole.
/// Shapes   (N, ..., 2) -> (M, ..., 2) and (N) boolean
/// Source   torchvision.transforms.v2.functional.sanitize_keypoints
OPSIS_API SanitizedKeyPoints sanitize_keypoints(const KeyPoints& points);
/// Of a bare tensor.
/// Throws   ValueError unless it is (..., 2)
OPSIS_API std::pair<torch::Tensor, torch::Tensor> sanitize_keypoints(const torch::Tensor& points, Size canvas_size);

}  // namespace opsis::inline v1::transforms::functional
