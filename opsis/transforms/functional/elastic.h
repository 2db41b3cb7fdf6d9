// Moving every pixel by a step of its own.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/fill.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/transforms/functional/warp.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {

/// Of functional::elastic.
struct ElasticOptions {
  InterpolationMode interpolation = InterpolationMode::BILINEAR;  ///< or nearest, or bicubic
  Fill fill{};  ///< none: pixels half outside blend with 0, and the outside is 0
};

namespace functional {

/// Takes each pixel from its place plus a displacement, in halves of the canvas: 2 is all of the width, or height.
///     elastic(image, torch::zeros({1, 375, 500, 2}))   // (3, 375, 500), as it was
/// Shapes   (..., C, H, W), masks (..., H, W), displacement (1, H, W, 2) as x and y. Boxes and key points move by the
///          displacement at their corners, the other way, which is near its inverse; boxes are clamped by their mode
/// Types    any number; the result has the same. Integers go by way of float32, rounded
/// Memory   contiguous, however the input lies
/// Throws   ValueError when the displacement has another shape; for a mode other than these; for a fill that has
///          neither 1 number nor one for each channel
/// Source   torchvision.transforms.v2.functional.elastic
OPSIS_API torch::Tensor elastic(const torch::Tensor& image, const torch::Tensor& displacement,
                                const ElasticOptions& options = {});
OPSIS_API Image elastic(const Image& image, const torch::Tensor& displacement, const ElasticOptions& options = {});
OPSIS_API Video elastic(const Video& video, const torch::Tensor& displacement, const ElasticOptions& options = {});
/// Masks are never blended, whatever the options say.
OPSIS_API Mask elastic(const Mask& mask, const torch::Tensor& displacement, const ElasticOptions& options = {});
OPSIS_API BoundingBoxes elastic(const BoundingBoxes& boxes, const torch::Tensor& displacement,
                                const ElasticOptions& options = {});
OPSIS_API KeyPoints elastic(const KeyPoints& points, const torch::Tensor& displacement, const ElasticOptions& options = {});

/// torchvision's other name for it.
template <class Value>
auto elastic_transform(const Value& value, const torch::Tensor& displacement, const ElasticOptions& options = {}) {
  return elastic(value, displacement, options);
}

}  // namespace functional

namespace detail {

/// What a displacement made, back where it was. Boxes and key points go to where the pixels under them came from, blended between
/// pixels: functional::elastic's own way, torchvision's, is only near the reverse of that. Pixels go by a displacement that undoes
/// the first; where that folds the picture, to one of the places.
Image undo_elastic(const Image& image, const torch::Tensor& displacement, InterpolationMode interpolation);
Video undo_elastic(const Video& video, const torch::Tensor& displacement, InterpolationMode interpolation);
Mask undo_elastic(const Mask& mask, const torch::Tensor& displacement, InterpolationMode interpolation);
BoundingBoxes undo_elastic(const BoundingBoxes& boxes, const torch::Tensor& displacement, InterpolationMode interpolation);
KeyPoints undo_elastic(const KeyPoints& points, const torch::Tensor& displacement, InterpolationMode interpolation);

}  // namespace detail
}  // namespace opsis::inline v1::transforms
