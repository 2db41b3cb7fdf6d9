#include "opsis/transforms/functional/rotate.h"

#include <cmath>

#include "opsis/transforms/functional/affine.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::functional {
namespace {

// Python's angle % 360, in [0, 360).
double within_a_turn(double angle) {
  const double rest = std::fmod(angle, 360.0);
  return rest < 0 ? rest + 360.0 : rest + 0.0;
}

}  // namespace

torch::Tensor rotate(const torch::Tensor& image, double angle, const RotateOptions& options) {
  detail::check_dims("rotate", image, 2);
  angle = within_a_turn(angle);
  const Size size{image.size(-2), image.size(-1)};
  if (!options.center) {  // pixels that only move
    if (angle == 0) return image.clone();
    if (angle == 180) return image.rot90(2, {-2, -1});
    if (options.expand || size.height == size.width) {
      if (angle == 90) return image.rot90(1, {-2, -1});
      if (angle == 270) return image.rot90(3, {-2, -1});
    }
  }
  detail::check_warp("rotate", image, options.interpolation, options.fill);
  Point center;  // from the middle of the image
  if (options.center) {
    center = {options.center->x - static_cast<double>(size.width) * 0.5,
              options.center->y - static_cast<double>(size.height) * 0.5};
  }
  const auto matrix = detail::affine_matrix({.angle = -angle}, center, true);  // affine turns the other way round
  return detail::warp_affine(image, matrix, options.expand ? detail::expanded_size(matrix, size) : size, options.interpolation,
                             options.fill);
}

Image rotate(const Image& image, double angle, const RotateOptions& options) {
  return wrap(rotate(image.data, angle, options), image);
}

Video rotate(const Video& video, double angle, const RotateOptions& options) {
  return wrap(rotate(video.data, angle, options), video);
}

Mask rotate(const Mask& mask, double angle, const RotateOptions& options) {
  detail::check_dims("rotate", mask.data, 2);
  auto unblended = options;
  unblended.interpolation = InterpolationMode::NEAREST;
  return wrap(detail::with_channel(mask.data, [&](const torch::Tensor& image) { return rotate(image, angle, unblended); }),
              mask);
}

BoundingBoxes rotate(const BoundingBoxes& boxes, double angle, const RotateOptions& options) {
  if (boxes.data.numel() == 0) return boxes;
  return detail::affine_boxes(boxes, {.angle = -angle}, options.center, options.expand);
}

KeyPoints rotate(const KeyPoints& points, double angle, const RotateOptions& options) {
  if (points.data.numel() == 0) return points;
  return detail::affine_points(points, {.angle = -angle}, options.center, options.expand);
}

}  // namespace opsis::inline v1::transforms::functional
