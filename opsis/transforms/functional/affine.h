// Turning, moving, scaling and shearing at once.
#pragma once

#include <torch/types.h>

#include <optional>
#include <type_traits>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/fill.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/transforms/functional/warp.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {

/// Of functional::affine.
struct AffineOptions {
  InterpolationMode interpolation = InterpolationMode::NEAREST;
  Fill fill{};                    ///< none: pixels half outside blend with 0, and the outside is 0
  std::optional<Point> center{};  ///< that stays where it is, but for the translation; none: the middle
};

namespace functional {

/// Turns by an angle, scales, shears and moves; the canvas keeps its size.
///     affine(image, 30, {10, 0}, 1.2, {0, 0})
///     affine(image, 0, {0, 0}, 1, {15}, {.interpolation = InterpolationMode::BILINEAR, .fill = 127})
/// Shapes   (..., C, H, W), masks (..., H, W); boxes are clamped by their mode, key points are not
/// Types    any number; the result has the same. Integers go by way of float32, rounded
/// Units    angle and shear in degrees, clockwise; translate in pixels, x and y; shear along x and y, a list of one number is for
///          both
/// Memory   contiguous, however the input lies
/// Throws   ValueError when translate has not 2 numbers, shear not 1 or 2, or scale is not positive; for another mode than
///          nearest and bilinear; for a fill that has neither 1 number nor one for each channel
/// Source   torchvision.transforms.v2.functional.affine
OPSIS_API torch::Tensor affine(const torch::Tensor& image, double angle, torch::ArrayRef<double> translate, double scale,
                               torch::ArrayRef<double> shear, const AffineOptions& options = {});
OPSIS_API Image affine(const Image& image, double angle, torch::ArrayRef<double> translate, double scale,
                       torch::ArrayRef<double> shear, const AffineOptions& options = {});
OPSIS_API Video affine(const Video& video, double angle, torch::ArrayRef<double> translate, double scale,
                       torch::ArrayRef<double> shear, const AffineOptions& options = {});
/// Masks are never blended, whatever the options say.
OPSIS_API Mask affine(const Mask& mask, double angle, torch::ArrayRef<double> translate, double scale,
                      torch::ArrayRef<double> shear, const AffineOptions& options = {});
/// The upright boxes around the turned ones; rotated ones that shear makes parallelograms become rectangles again.
OPSIS_API BoundingBoxes affine(const BoundingBoxes& boxes, double angle, torch::ArrayRef<double> translate, double scale,
                               torch::ArrayRef<double> shear, const AffineOptions& options = {});
OPSIS_API KeyPoints affine(const KeyPoints& points, double angle, torch::ArrayRef<double> translate, double scale,
                           torch::ArrayRef<double> shear, const AffineOptions& options = {});
/// A number that is no list shears along x alone, as in torchvision.
template <class Kind, class Number>
requires std::is_arithmetic_v<Number>
auto affine(const Kind& value, double angle, torch::ArrayRef<double> translate, double scale, Number shear,
            const AffineOptions& options = {}) {
  return affine(value, angle, translate, scale, {static_cast<double>(shear), 0}, options);
}

}  // namespace functional

namespace detail {

/// functional::affine and functional::rotate of boxes and points; with `expand` they follow the canvas that grows.
BoundingBoxes affine_boxes(const BoundingBoxes& boxes, const AffineParameters& parameters, const std::optional<Point>& center,
                           bool expand);
KeyPoints affine_points(const KeyPoints& points, const AffineParameters& parameters, const std::optional<Point>& center,
                        bool expand);

/// What turned, moved, scaled and sheared a canvas of the source's size.
struct AffineMove {
  AffineParameters parameters{};
  Size source{};
  std::optional<Point> center{};  ///< none: the middle
  bool expand = false;            ///< as functional::rotate's
  InterpolationMode interpolation = InterpolationMode::NEAREST;
};
/// What it made, back where it was: of pixels what came to lie beyond the canvas is 0, upright boxes are those around the turned
/// ones, and are clamped by their mode.
Image undo_affine(const Image& image, const AffineMove& move);
Video undo_affine(const Video& video, const AffineMove& move);
Mask undo_affine(const Mask& mask, const AffineMove& move);
BoundingBoxes undo_affine(const BoundingBoxes& boxes, const AffineMove& move);
KeyPoints undo_affine(const KeyPoints& points, const AffineMove& move);

}  // namespace detail
}  // namespace opsis::inline v1::transforms
