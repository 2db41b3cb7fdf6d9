// Seeing the picture's plane from another place.
#pragma once

#include <torch/types.h>

#include <array>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/fill.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/transforms/functional/warp.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {

/// Of functional::perspective.
struct PerspectiveOptions {
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  Fill fill{};  ///< none: pixels half outside blend with 0, and the outside is 0
  /// Instead of the points, eight numbers: the pixel at (x, y) comes from ((c0 x + c1 y + c2) / w, (c3 x + c4 y + c5) / w) with
  /// w = c6 x + c7 y + 1. Empty for none.
  std::vector<double> coefficients{};
};

namespace functional {

/// Moves four points, and everything with them, as a photograph of a plane changes with the camera's place.
///     perspective(image, {{0, 0}, {9, 0}, {9, 7}, {0, 7}}, {{1, 1}, {8, 0}, {9, 7}, {0, 6}})
///     perspective(image, {}, {}, {.coefficients = {1, 0.1, 0, 0.1, 1, 0, 0, 0}})
/// Shapes   (..., C, H, W), masks (..., H, W); boxes are clamped by their mode, key points are not
/// Types    any number; the result has the same. Integers go by way of float32, rounded. Boxes and key points not in 16-bit
///          floating point
/// Memory   contiguous, however the input lies
/// Throws   ValueError when there are neither four startpoints and endpoints nor eight coefficients, or both; for boxes and key
///          points when the coefficients cannot be inverted; for another mode than nearest and bilinear; for a fill that has
///          neither 1 number nor one for each channel
/// Source   torchvision.transforms.v2.functional.perspective
OPSIS_API torch::Tensor perspective(const torch::Tensor& image, const std::vector<Point>& startpoints,
                                    const std::vector<Point>& endpoints, const PerspectiveOptions& options = {});
OPSIS_API Image perspective(const Image& image, const std::vector<Point>& startpoints, const std::vector<Point>& endpoints,
                            const PerspectiveOptions& options = {});
OPSIS_API Video perspective(const Video& video, const std::vector<Point>& startpoints, const std::vector<Point>& endpoints,
                            const PerspectiveOptions& options = {});
/// Masks are never blended, whatever the options say.
OPSIS_API Mask perspective(const Mask& mask, const std::vector<Point>& startpoints, const std::vector<Point>& endpoints,
                           const PerspectiveOptions& options = {});
OPSIS_API BoundingBoxes perspective(const BoundingBoxes& boxes, const std::vector<Point>& startpoints,
                                    const std::vector<Point>& endpoints, const PerspectiveOptions& options = {});
OPSIS_API KeyPoints perspective(const KeyPoints& points, const std::vector<Point>& startpoints,
                                const std::vector<Point>& endpoints, const PerspectiveOptions& options = {});

}  // namespace functional

namespace detail {

/// The coefficients (PerspectiveOptions) that bring the startpoints to the endpoints, in float32 as torchvision has them.
/// Throws   ValueError unless there are four of each
std::vector<double> perspective_coefficients(const std::vector<Point>& startpoints, const std::vector<Point>& endpoints);

/// The coefficients of the way back. Throws ValueError when there is none; `what` is named in the message.
std::array<double, 8> inverted_coefficients(const std::array<double, 8>& coefficients, const char* what);

}  // namespace detail
}  // namespace opsis::inline v1::transforms
