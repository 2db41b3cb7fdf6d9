#include "opsis/transforms/functional/elastic.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/grid_sampler.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms {
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

// The displacement (1, 2, H, W) at places (1, h, w, 2) from -1 to 1, between pixels blended and beyond the canvas its edge's, as
// (1, h, w, 2).
Tensor displacement_at(const Tensor& places, const Tensor& displacement) {
  constexpr int64_t bilinear = 0, border = 1;
  return at::grid_sampler(displacement, places, bilinear, border, /*align_corners=*/false).permute({0, 2, 3, 1});
}

// Where the pixels under points (N, 2) came from.
Tensor along_displacement(const Tensor& points, const Tensor& displacement, Size canvas) {
  const auto type = points.scalar_type() == torch::kFloat64 ? torch::kFloat64 : torch::kFloat32;
  const auto options = torch::dtype(type).device(points.device());
  const auto half = at::tensor({canvas.width, canvas.height}, torch::kInt64).to(options).mul_(0.5);
  const auto places = points.to(options).add(0.5).div_(half).sub_(1);
  const auto steps = displacement_at(places.view({1, 1, -1, 2}), displacement.to(options).permute({0, 3, 1, 2}));
  const auto moved = (places + steps.view({-1, 2})).add_(1).mul_(half).sub_(0.5);
  return points.is_floating_point() ? moved : moved.round();  // about to be whole numbers again
}

// The displacement that undoes one: its negative at the place where it leads itself, which is found by going there.
Tensor inverted(const Tensor& displacement) {
  constexpr int most_steps = 100;
  OPSIS_CHECK(displacement.defined() && displacement.dim() == 4 && displacement.size(0) == 1 && displacement.size(3) == 2,
              "elastic: the displacement must be (1, H, W, 2), got {}", opsis::detail::shape(displacement));
  const Size canvas{displacement.size(1), displacement.size(2)};
  const auto close = 1e-3 / static_cast<double>(std::max(canvas.height, canvas.width));  // a part of a pixel
  const auto field = displacement.to(torch::kFloat32).permute({0, 3, 1, 2}).contiguous();
  const auto places = detail::identity_grid(canvas, field.options());
  auto back = field.permute({0, 2, 3, 1}).neg();
  for (int step = 0; step < most_steps; ++step) {
    const auto before = back;
    back = displacement_at(places + before, field).neg();
    if ((back - before).abs().max().item<double>() < close) break;
  }
  return back;
}

// Boxes whose corners, or of rotated boxes whose centres alone, are moved: points (N, 2) to others.
template <class Move>
BoundingBoxes with_moved_points(const BoundingBoxes& boxes, const Move& move) {
  if (boxes.data.numel() == 0) return boxes;
  const bool rotated = tv_tensors::is_rotated_bounding_format(boxes.format);
  const auto format = rotated ? BoundingBoxFormat::CXCYWHR : BoundingBoxFormat::XYXY;
  const auto numbers = functional::convert_bounding_box_format(boxes.data, boxes.format, format).reshape({-1, rotated ? 5 : 4});
  auto moved = move(rotated ? numbers.slice(1, 0, 2) : detail::corners_of_boxes(numbers, false));
  moved = rotated ? at::cat({moved, numbers.slice(1, 2)}, 1) : detail::boxes_around_corners(moved, false);
  moved = functional::clamp_bounding_boxes(moved.to(numbers.scalar_type()), format, boxes.canvas_size, boxes.clamping_mode);
  return wrap(functional::convert_bounding_box_format(moved, format, boxes.format).reshape(boxes.data.sizes()), boxes);
}

}  // namespace

Image detail::undo_elastic(const Image& image, const Tensor& displacement, InterpolationMode interpolation) {
  return functional::elastic(image, inverted(displacement), {.interpolation = interpolation});
}

Video detail::undo_elastic(const Video& video, const Tensor& displacement, InterpolationMode interpolation) {
  return functional::elastic(video, inverted(displacement), {.interpolation = interpolation});
}

Mask detail::undo_elastic(const Mask& mask, const Tensor& displacement, InterpolationMode) {
  return functional::elastic(mask, inverted(displacement));
}

BoundingBoxes detail::undo_elastic(const BoundingBoxes& boxes, const Tensor& displacement, InterpolationMode) {
  check_displacement(displacement, boxes.canvas_size);
  return with_moved_points(boxes, [&](const Tensor& points) {
    return along_displacement(points, displacement, boxes.canvas_size).to(displaced_options(boxes.data));
  });
}

KeyPoints detail::undo_elastic(const KeyPoints& points, const Tensor& displacement, InterpolationMode) {
  check_displacement(displacement, points.canvas_size);
  if (points.data.numel() == 0) return points;
  const auto moved = along_displacement(points.data.reshape({-1, 2}), displacement, points.canvas_size);
  return wrap(moved.to(points.data.scalar_type()).reshape(points.data.sizes()), points);
}

namespace functional {

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
  return with_moved_points(boxes, [&](const Tensor& points) {
    return against_displacement(points.is_floating_point() ? points.ceil() : points, displacement, boxes.canvas_size,
                                displaced_options(boxes.data));
  });
}

KeyPoints elastic(const KeyPoints& points, const Tensor& displacement, const ElasticOptions&) {
  check_displacement(displacement, points.canvas_size);
  if (points.data.numel() == 0) return points;
  const auto moved =
      against_displacement(points.data.reshape({-1, 2}), displacement, points.canvas_size, displaced_options(points.data));
  return wrap(moved.to(points.data.scalar_type()).reshape(points.data.sizes()), points);
}

}  // namespace functional
}  // namespace opsis::inline v1::transforms
