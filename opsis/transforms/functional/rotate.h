// Turning.
#pragma once

#include <torch/types.h>

#include <optional>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/fill.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/transforms/functional/warp.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {

/// Of functional::rotate.
struct RotateOptions {
  InterpolationMode interpolation = InterpolationMode::NEAREST;
  bool expand = false;            ///< the canvas grows until all fits on it; meant for turns around the middle
  std::optional<Point> center{};  ///< none: the middle
  Fill fill{};                    ///< none: pixels half outside blend with 0, and the outside is 0
};

namespace functional {

/// Turns by an angle.
///     rotate(image, 90, {.expand = true})                                        // (3, 375, 500) -> (3, 500, 375)
///     rotate(image, 30, {.interpolation = InterpolationMode::BILINEAR, .fill = {124, 116, 104}})
/// Shapes   (..., C, H, W), masks (..., H, W), the same size unless expand; boxes are clamped by their mode, key points are not
/// Types    any number; the result has the same. Integers go by way of float32, rounded
/// Units    angle in degrees, counter-clockwise
/// Memory   turns by 0, 90, 180 and 270 degrees around the middle move pixels only; others give a contiguous result
/// Throws   ValueError for another mode than nearest and bilinear, and for a fill that has neither 1 number nor one for each
///          channel
/// Source   torchvision.transforms.v2.functional.rotate
OPSIS_API torch::Tensor rotate(const torch::Tensor& image, double angle, const RotateOptions& options = {});
OPSIS_API Image rotate(const Image& image, double angle, const RotateOptions& options = {});
OPSIS_API Video rotate(const Video& video, double angle, const RotateOptions& options = {});
/// Masks are never blended, whatever the options say.
OPSIS_API Mask rotate(const Mask& mask, double angle, const RotateOptions& options = {});
/// The upright boxes around the turned ones; rotated ones turn.
OPSIS_API BoundingBoxes rotate(const BoundingBoxes& boxes, double angle, const RotateOptions& options = {});
OPSIS_API KeyPoints rotate(const KeyPoints& points, double angle, const RotateOptions& options = {});

}  // namespace functional
}  // namespace opsis::inline v1::transforms
