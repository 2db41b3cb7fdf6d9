#include "opsis/transforms/functional/elastic.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::functional {
namespace {

using torch::Tensor;

void check_displacement(const Tensor& displacement, Size canvas) {
  OPSIS_CHECK(displacement.defined() && displacement.sizes() == at::IntArrayRef({1, canvas.height, canvas.width, 2}),
              "elastic: the displacement must be (1, {}, {}, 2), got {}", canvas.height, canvas.width,
              opsis::detail::shape(displacement));
}

// Where the pixels under points (N, 2) go: against the displacement there.
Tensor against_displacement(const Tensor& points, const Tensor& displacement, Size canvas,
                            const torch::TensorOptions& options) {
  const auto back = detail::identity_grid(canvas, options).sub_(displacement.to(options));
  const auto index = points.to(torch::kInt64);
  const auto x = index.select(1, 0).clamp(0, canvas.width - 1), y = index.select(1, 1).clamp(0, canvas.height - 1);
  const auto size = at::tensor({canvas.width, canvas.height}, torch::kInt64).to(options);
  return back.select(0, 0).index({y, x}).add_(1).mul_(size.mul(0.5)).sub_(0.5);
}

torch::TensorOptions displaced_options(const Tensor& numbers) {
  return torch::dtype(numbers.is_floating_point() ? numbers.scalar_type() : torch::kFloat32).device(numbers.device());
}

}  // namespace

Tensor elastic(const Tensor& image, const Tensor& displacement, const ElasticOptions& options) {
  // An empty image is not looked at for its fill, as in torchvision.
  detail::check_warp("elastic", image, options.interpolation, image.numel() == 0 ? Fill() : options.fill, /*bicubic=*/true);
  check_displacement(displacement, {image.size(-2), image.size(-1)});
  return detail::warp_displaced(image, displacement, options.interpolation, options.fill);
}

Image elastic(const Image& image, const Tensor& displacement, const ElasticOptions& options) {
  return wrap(elastic(image.data, displacement, options), image);
}

Video elastic(const Video& video, const Tensor& displacement, const ElasticOptions& options) {
  return wrap(elastic(video.data, displacement, options), video);
}

Mask elastic(const Mask& mask, const Tensor& displacement, const ElasticOptions& options) {
  detail::check_dims("elastic", mask.data, 2);
  auto unblended = options;
  unblended.interpolation = InterpolationMode::NEAREST;
  return wrap(detail::with_channel(mask.data, [&](const Tensor& image) { return elastic(image, displacement, unblended); }),
              mask);
}

BoundingBoxes elastic(const BoundingBoxes& boxes, const Tensor& displacement, const ElasticOptions&) {
  check_displacement(displacement, boxes.canvas_size);
  if (boxes.data.numel() == 0) return boxes;
  const bool rotated = tv_tensors::is_rotated_bounding_format(boxes.format);
  const auto format = rotated ? BoundingBoxFormat::CXCYWHR : BoundingBoxFormat::XYXY;
  const auto numbers = convert_bounding_box_format(boxes.data, boxes.format, format).reshape({-1, rotated ? 5 : 4});
  // Of rotated boxes the centre moves alone.
  auto points = rotated ? numbers.slice(1, 0, 2) : detail::corners_of_boxes(numbers, false);
  if (points.is_floating_point()) points = points.ceil();
  auto moved = against_displacement(points, displacement, boxes.canvas_size, displaced_options(boxes.data));
  moved = rotated ? at::cat({moved, numbers.slice(1, 2)}, 1) : detail::boxes_around_corners(moved, false);
  moved = clamp_bounding_boxes(moved.to(numbers.scalar_type()), format, boxes.canvas_size, boxes.clamping_mode);
  return wrap(convert_bounding_box_format(moved, format, boxes.format).reshape(boxes.data.sizes()), boxes);
}

KeyPoints elastic(const KeyPoints& points, const Tensor& displacement, const ElasticOptions&) {
  check_displacement(displacement, points.canvas_size);
  if (points.data.numel() == 0) return points;
  const auto moved =
      against_displacement(points.data.reshape({-1, 2}), displacement, points.canvas_size, displaced_options(points.data));
  return wrap(moved.to(points.data.scalar_type()).reshape(points.data.sizes()), points);
}

}  // namespace opsis::inline v1::transforms::functional
