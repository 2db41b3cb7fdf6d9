// Formats of bounding boxes, and keeping boxes and points on their canvas.
#pragma once

#include <torch/types.h>

#include <optional>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {
namespace functional {

/// The same boxes in another format.
///     convert_bounding_box_format(boxes, BoundingBoxFormat::XYWH)   // [[2, 3, 10, 9]] XYXY -> [[2, 3, 8, 6]]
/// Shapes   (..., K of the old format) -> (..., K of the new one)
/// Types    any number, rotated ones floating point; the result has the same
/// Throws   ValueError between upright and rotated formats, and when K is not what the old format needs
/// Differs  there is no inplace: the result is new, or the input itself when it has the format already
/// Source   torchvision.transforms.v2.functional.convert_bounding_box_format
OPSIS_API BoundingBoxes convert_bounding_box_format(const BoundingBoxes& boxes, BoundingBoxFormat new_format);
OPSIS_API torch::Tensor convert_bounding_box_format(const torch::Tensor& boxes, BoundingBoxFormat old_format,
                                                    BoundingBoxFormat new_format);

/// Boxes cut at their canvas, as their clamping_mode says or the one named here. None changes nothing; upright boxes are cut
/// alike by the other two. Of rotated ones, Soft keeps the smallest box of that angle around what lies on the canvas, Hard
/// the largest inside it.
/// Shapes   (..., K) -> (..., K)
/// Types    any number, rotated ones floating point; the result is new and has the same
/// Source   torchvision.transforms.v2.functional.clamp_bounding_boxes
OPSIS_API BoundingBoxes clamp_bounding_boxes(const BoundingBoxes& boxes, std::optional<ClampingMode> clamping_mode = {});
OPSIS_API torch::Tensor clamp_bounding_boxes(const torch::Tensor& boxes, BoundingBoxFormat format, Size canvas_size,
                                             ClampingMode clamping_mode);

/// Points brought onto the pixels of their canvas: x to [0, width - 1], y to [0, height - 1].
/// Types    any number; the result is new and has the same
/// Source   torchvision.transforms.v2.functional.clamp_keypoints
OPSIS_API KeyPoints clamp_keypoints(const KeyPoints& points);
OPSIS_API torch::Tensor clamp_keypoints(const torch::Tensor& points, Size canvas_size);

}  // namespace functional

namespace detail {

/// Four corners (..., 8) of parallelograms -> of rectangles: the longer diagonal stays, the other two corners move.
torch::Tensor rectangles(const torch::Tensor& parallelograms);

/// Rotated boxes cut at their canvas; see functional::clamp_bounding_boxes. In clamp_rotated.cpp.
torch::Tensor clamp_rotated(const torch::Tensor& boxes, BoundingBoxFormat format, Size canvas, ClampingMode mode);

/// (dx, dy) laid out so that adding it to boxes of the format moves them, in the boxes' type: (K).
torch::Tensor shift(const torch::Tensor& boxes, BoundingBoxFormat format, int64_t dx, int64_t dy);

}  // namespace detail
}  // namespace opsis::inline v1::transforms
