#include "opsis/transforms/functional/affine.h"

#include <ATen/ops/amin.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>

#include <utility>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms {
namespace {

using detail::AffineParameters;
using detail::Matrix;
using torch::Tensor;

AffineParameters parameters_of_affine(double angle, torch::ArrayRef<double> translate, double scale,
                                      torch::ArrayRef<double> shear) {
  OPSIS_CHECK(translate.size() == 2, "affine: translate must have 2 numbers, got {}", translate.size());
  OPSIS_CHECK(!(scale <= 0), "affine: scale must be positive, got {}", scale);
  OPSIS_CHECK(shear.size() == 1 || shear.size() == 2, "affine: shear must have 1 or 2 numbers, got {}", shear.size());
  return {angle, {translate[0], translate[1]}, scale, {shear.front(), shear.back()}};
}

Point middle_of(Size canvas) { return {static_cast<double>(canvas.width) * 0.5, static_cast<double>(canvas.height) * 0.5}; }

// A centre, from the middle of the canvas.
Point from_middle(const std::optional<Point>& center, Size canvas) {
  if (!center) return {};
  return {center->x - middle_of(canvas).x, center->y - middle_of(canvas).y};
}

Tensor floating(const Tensor& numbers) { return numbers.is_floating_point() ? numbers : numbers.to(torch::kFloat32); }

// Points (N, 2) moved by a matrix, which is given as the factor (3, 2).
Tensor moved_by(const Tensor& matrix, const Tensor& points) {
  return at::matmul(at::cat({points, at::ones({points.size(0), 1}, points.options())}, -1), matrix);
}

Tensor factor(const Matrix& matrix, const torch::TensorOptions& options) {
  return detail::tensor_of(matrix, options).reshape({2, 3}).t();
}

// The canvas that takes in all of the moved one, and its top left corner (1, 2).
struct Expanded {
  Tensor corner;
  Size canvas;
};
Expanded expanded_canvas(const AffineParameters& parameters, Point center, Size canvas, const Tensor& matrix) {
  const auto h = static_cast<double>(canvas.height), w = static_cast<double>(canvas.width);
  const auto corners = detail::tensor_of({0.0, 0.0, 0.0, h, w, h, w, 0.0}, matrix.options()).view({4, 2});
  return {at::amin(moved_by(matrix, corners), {0}, true),
          detail::expanded_size(detail::affine_matrix(parameters, center, true), canvas)};
}

// Where points (N, 2) of the result were on the source.
Tensor moved_back(const detail::AffineMove& move, const Tensor& points) {
  const auto fixed = move.center.value_or(middle_of(move.source));
  const auto back = factor(detail::affine_matrix(move.parameters, fixed, true), points.options());
  if (!move.expand) return moved_by(back, points);
  const auto there = factor(detail::affine_matrix(move.parameters, fixed, false), points.options());
  return moved_by(back, points + expanded_canvas(move.parameters, fixed, move.source, there).corner);
}

Tensor pixels_moved_back(const Tensor& image, const detail::AffineMove& move, InterpolationMode interpolation) {
  detail::check_dims("invert", image, 3);
  const auto matrix = detail::affine_matrix(move.parameters, from_middle(move.center, move.source), false);
  return detail::warp_affine(image, matrix, move.source, interpolation, Fill());
}

// Boxes by way of their corners: `move` takes these (4 N, 2) and whether boxes are rotated, and gives boxes XYXY or XYXYXYXY.
template <class Move>
BoundingBoxes by_corners(const BoundingBoxes& boxes, const Move& move) {
  const bool rotated = tv_tensors::is_rotated_bounding_format(boxes.format);
  const auto format = rotated ? BoundingBoxFormat::XYXYXYXY : BoundingBoxFormat::XYXY;
  const auto numbers = functional::convert_bounding_box_format(floating(boxes.data), boxes.format, format);
  auto [moved, canvas] = move(detail::corners_of_boxes(numbers.reshape({-1, rotated ? 8 : 4}), rotated), rotated);
  moved = functional::clamp_bounding_boxes(moved, format, canvas, boxes.clamping_mode);
  moved = functional::convert_bounding_box_format(moved, format, boxes.format).reshape(boxes.data.sizes());
  return wrap(moved.to(boxes.data.scalar_type()), boxes, {.canvas_size = canvas});
}

}  // namespace

BoundingBoxes detail::affine_boxes(const BoundingBoxes& boxes, const AffineParameters& parameters,
                                   const std::optional<Point>& center, bool expand) {
  return by_corners(boxes, [&](const Tensor& corners, bool rotated) {
    const auto fixed = center.value_or(middle_of(boxes.canvas_size));
    const auto matrix = factor(affine_matrix(parameters, fixed, false), corners.options());
    auto moved = boxes_around_corners(moved_by(matrix, corners), rotated);
    if (!expand) return std::pair(moved, boxes.canvas_size);
    const auto expanded = expanded_canvas(parameters, fixed, boxes.canvas_size, matrix);
    return std::pair(moved.sub_(expanded.corner.repeat({1, rotated ? 4 : 2})), expanded.canvas);
  });
}

KeyPoints detail::affine_points(const KeyPoints& points, const AffineParameters& parameters, const std::optional<Point>& center,
                                bool expand) {
  const auto numbers = floating(points.data);
  const auto fixed = center.value_or(middle_of(points.canvas_size));
  const auto matrix = factor(affine_matrix(parameters, fixed, false), numbers.options());
  auto moved = moved_by(matrix, numbers.reshape({-1, 2}));
  auto canvas = points.canvas_size;
  if (expand) {
    const auto expanded = expanded_canvas(parameters, fixed, canvas, matrix);
    moved.sub_(expanded.corner);
    canvas = expanded.canvas;
  }
  return wrap(moved.reshape(points.data.sizes()).to(points.data.scalar_type()), points, canvas);
}

Image detail::undo_affine(const Image& image, const AffineMove& move) {
  return wrap(pixels_moved_back(image.data, move, move.interpolation), image);
}

Video detail::undo_affine(const Video& video, const AffineMove& move) {
  return wrap(pixels_moved_back(video.data, move, move.interpolation), video);
}

Mask detail::undo_affine(const Mask& mask, const AffineMove& move) {
  return wrap(
      with_channel(mask.data, [&](const Tensor& image) { return pixels_moved_back(image, move, InterpolationMode::NEAREST); }),
      mask);
}

BoundingBoxes detail::undo_affine(const BoundingBoxes& boxes, const AffineMove& move) {
  if (boxes.data.numel() == 0) return wrap(boxes.data, boxes, {.canvas_size = move.source});
  return by_corners(boxes, [&](const Tensor& corners, bool rotated) {
    return std::pair(boxes_around_corners(moved_back(move, corners), rotated), move.source);
  });
}

KeyPoints detail::undo_affine(const KeyPoints& points, const AffineMove& move) {
  if (points.data.numel() == 0) return wrap(points.data, points, move.source);
  const auto moved = moved_back(move, floating(points.data).reshape({-1, 2}));
  return wrap(moved.reshape(points.data.sizes()).to(points.data.scalar_type()), points, move.source);
}

namespace functional {

Tensor affine(const Tensor& image, double angle, torch::ArrayRef<double> translate, double scale, torch::ArrayRef<double> shear,
              const AffineOptions& options) {
  detail::check_warp("affine", image, options.interpolation, options.fill);
  const Size size{image.size(-2), image.size(-1)};
  const auto matrix =
      detail::affine_matrix(parameters_of_affine(angle, translate, scale, shear), from_middle(options.center, size), true);
  return detail::warp_affine(image, matrix, size, options.interpolation, options.fill);
}

Image affine(const Image& image, double angle, torch::ArrayRef<double> translate, double scale, torch::ArrayRef<double> shear,
             const AffineOptions& options) {
  return wrap(affine(image.data, angle, translate, scale, shear, options), image);
}

Video affine(const Video& video, double angle, torch::ArrayRef<double> translate, double scale, torch::ArrayRef<double> shear,
             const AffineOptions& options) {
  return wrap(affine(video.data, angle, translate, scale, shear, options), video);
}

Mask affine(const Mask& mask, double angle, torch::ArrayRef<double> translate, double scale, torch::ArrayRef<double> shear,
            const AffineOptions& options) {
  detail::check_dims("affine", mask.data, 2);
  auto unblended = options;
  unblended.interpolation = InterpolationMode::NEAREST;
  return wrap(detail::with_channel(
                  mask.data, [&](const Tensor& image) { return affine(image, angle, translate, scale, shear, unblended); }),
              mask);
}

BoundingBoxes affine(const BoundingBoxes& boxes, double angle, torch::ArrayRef<double> translate, double scale,
                     torch::ArrayRef<double> shear, const AffineOptions& options) {
  if (boxes.data.numel() == 0) return boxes;
  return detail::affine_boxes(boxes, parameters_of_affine(angle, translate, scale, shear), options.center, /*expand=*/false);
}

KeyPoints affine(const KeyPoints& points, double angle, torch::ArrayRef<double> translate, double scale,
                 torch::ArrayRef<double> shear, const AffineOptions& options) {
  if (points.data.numel() == 0) return points;
  return detail::affine_points(points, parameters_of_affine(angle, translate, scale, shear), options.center, /*expand=*/false);
}

}  // namespace functional
}  // namespace opsis::inline v1::transforms
