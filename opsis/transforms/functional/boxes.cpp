#include "opsis/transforms/functional/boxes.h"

#include <ATen/ops/atan2.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include <numbers>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms {
namespace {

using torch::Tensor;

// The order of operations below is torchvision's: the last bit of a coordinate depends on it.

Tensor first_pair(const Tensor& boxes) { return boxes.slice(-1, 0, 2); }
Tensor second_pair(const Tensor& boxes) { return boxes.slice(-1, 2, 4); }
Tensor join(const Tensor& a, const Tensor& b) { return at::cat({a, b}, -1); }

// Half of it; of integers the floor.
Tensor half(const Tensor& numbers) { return numbers.is_floating_point() ? numbers.div(2) : numbers.div(2, "floor"); }

Tensor xywh_to_xyxy(const Tensor& boxes) {
  const auto xy = first_pair(boxes);
  return join(xy, second_pair(boxes) + xy);
}

Tensor xyxy_to_xywh(const Tensor& boxes) {
  const auto xy = first_pair(boxes);
  return join(xy, second_pair(boxes) - xy);
}

Tensor xywh_to_cxcywh(const Tensor& boxes) {
  const auto wh = second_pair(boxes);
  return join(first_pair(boxes) + half(wh), wh);
}

// Integers go by way of float32, whose corners are cut: the size is what lies between cut corners.
Tensor cxcywh_to_xyxy(const Tensor& boxes) {
  const bool exact = boxes.is_floating_point();
  const auto numbers = exact ? boxes : boxes.to(torch::kFloat32);
  const auto wh = second_pair(numbers);
  const auto xy = first_pair(numbers) - wh / 2;
  const auto corners = join(xy, wh + xy);
  return exact ? corners : corners.to(boxes.scalar_type());
}

Tensor cxcywh_to_xywh(const Tensor& boxes) {
  if (!boxes.is_floating_point()) return xyxy_to_xywh(cxcywh_to_xyxy(boxes));
  const auto wh = second_pair(boxes);
  return join(first_pair(boxes) - wh / 2, wh);
}

Tensor xyxy_to_cxcywh(const Tensor& boxes) {
  const auto xy = first_pair(boxes);
  const auto wh = second_pair(boxes) - xy;
  return join(half(xy.mul(2).add(wh)), wh);
}

struct Turn {
  Tensor cos, sin;
};
Turn turn(const Tensor& angle_degrees) {
  const auto radians = detail::times(angle_degrees, std::numbers::pi).div(180.0);
  return {radians.cos(), radians.sin()};
}

Tensor cxcywhr_to_xywhr(const Tensor& boxes) {
  const auto c = boxes.unbind(-1);
  const auto [cos, sin] = turn(c[4]);
  const auto half_w = c[2].div(-2).abs(), half_h = c[3].div(-2).abs();
  return at::stack({c[0].sub(half_w.mul(cos)).sub(half_h.mul(sin)),  //
                    c[1].add(half_w.mul(sin)).sub(half_h.mul(cos)), c[2], c[3], c[4]},
                   -1);
}

Tensor xywhr_to_cxcywhr(const Tensor& boxes) {
  const auto c = boxes.unbind(-1);
  const auto [cos, sin] = turn(c[4]);
  const auto half_w = c[2].div(-2).abs(), half_h = c[3].div(-2).abs();
  return at::stack({c[0].add(half_w.mul(cos)).add(half_h.mul(sin)),  //
                    c[1].sub(half_w.mul(sin)).add(half_h.mul(cos)), c[2], c[3], c[4]},
                   -1);
}

Tensor xywhr_to_xyxyxyxy(const Tensor& boxes) {
  const auto c = boxes.unbind(-1);
  const auto &x = c[0], &y = c[1], &w = c[2], &h = c[3];
  const auto [cos, sin] = turn(c[4]);
  return at::stack({x, y,                                                                  //
                    x.add(w.mul(cos)), y.sub(w.mul(sin)),                                  //
                    x.add(w.mul(cos).add(h.mul(sin))), y.sub(w.mul(sin).sub(h.mul(cos))),  //
                    x.add(h.mul(sin)), y.add(h.mul(cos))},
                   -1);
}

// float16 squares overflow soon, so the types below float32 go by way of it.
bool goes_by_float(const Tensor& boxes) {
  return boxes.scalar_type() != torch::kFloat32 && boxes.scalar_type() != torch::kFloat64;
}

Tensor xyxyxyxy_to_xywhr(const Tensor& boxes) {
  const auto c = (goes_by_float(boxes) ? boxes.to(torch::kFloat32) : boxes).unbind(-1);
  const auto &x1 = c[0], &y1 = c[1], &x2 = c[2], &y2 = c[3], &x3 = c[4], &y3 = c[5];
  const auto radians = at::atan2(y1.sub(y2), x2.sub(x1));
  const auto w = x2.sub(x1).pow(2).add(y2.sub(y1).pow(2)).sqrt();
  const auto h = x3.sub(x2).pow(2).add(y3.sub(y2).pow(2)).sqrt();
  return at::stack({x1, y1, w, h, radians.div(std::numbers::pi).mul(180.0)}, -1).to(boxes.scalar_type());
}

void check_numbers(const char* where, const Tensor& boxes, BoundingBoxFormat format) {
  const auto needed = tv_tensors::box_numbers(format);
  OPSIS_CHECK(boxes.defined() && boxes.dim() >= 1 && boxes.size(-1) == needed, "{}: {} needs {} numbers a box, got {}", where,
              format, needed, opsis::detail::shape(boxes));
  OPSIS_CHECK(!tv_tensors::is_rotated_bounding_format(format) || boxes.is_floating_point(),
              "{}: rotated boxes must be floating point, got {}", where, boxes.scalar_type());
}

}  // namespace

namespace functional {

Tensor convert_bounding_box_format(const Tensor& boxes, BoundingBoxFormat old_format, BoundingBoxFormat new_format) {
  using enum BoundingBoxFormat;
  check_numbers("convert_bounding_box_format", boxes, old_format);
  if (old_format == new_format) return boxes;
  OPSIS_CHECK(tv_tensors::is_rotated_bounding_format(old_format) == tv_tensors::is_rotated_bounding_format(new_format),
              "convert_bounding_box_format: {} and {} are upright and rotated; neither becomes the other", old_format,
              new_format);
  if (old_format == XYWH && new_format == CXCYWH) return xywh_to_cxcywh(boxes);
  if (old_format == CXCYWH && new_format == XYWH) return cxcywh_to_xywh(boxes);

  // All else goes by way of XYXY or XYWHR.
  Tensor through = boxes;
  if (old_format == XYWH) through = xywh_to_xyxy(boxes);
  if (old_format == CXCYWH) through = cxcywh_to_xyxy(boxes);
  if (old_format == CXCYWHR) through = cxcywhr_to_xywhr(boxes);
  if (old_format == XYXYXYXY) through = xyxyxyxy_to_xywhr(boxes);

  if (new_format == XYWH) return xyxy_to_xywh(through);
  if (new_format == CXCYWH) return xyxy_to_cxcywh(through);
  if (new_format == CXCYWHR) return xywhr_to_cxcywhr(through);
  if (new_format == XYXYXYXY) return xywhr_to_xyxyxyxy(through);
  return through;
}

BoundingBoxes convert_bounding_box_format(const BoundingBoxes& boxes, BoundingBoxFormat new_format) {
  return wrap(convert_bounding_box_format(boxes.data, boxes.format, new_format), boxes, {.format = new_format});
}

Tensor clamp_bounding_boxes(const Tensor& boxes, BoundingBoxFormat format, Size canvas_size, ClampingMode clamping_mode) {
  check_numbers("clamp_bounding_boxes", boxes, format);
  if (clamping_mode == ClampingMode::None) return boxes.clone();
  if (tv_tensors::is_rotated_bounding_format(format)) {
    return detail::clamp_rotated(boxes, format, canvas_size, clamping_mode);
  }
  const auto numbers = boxes.is_floating_point() ? boxes : boxes.to(torch::kFloat32);
  const auto c = convert_bounding_box_format(numbers, format, BoundingBoxFormat::XYXY).unbind(-1);
  const auto x = [&](const Tensor& t) { return t.clamp(0, canvas_size.width); };
  const auto y = [&](const Tensor& t) { return t.clamp(0, canvas_size.height); };
  const auto inside = at::stack({x(c[0]), y(c[1]), x(c[2]), y(c[3])}, -1);
  return convert_bounding_box_format(inside, BoundingBoxFormat::XYXY, format).to(boxes.scalar_type());
}

BoundingBoxes clamp_bounding_boxes(const BoundingBoxes& boxes, std::optional<ClampingMode> clamping_mode) {
  return wrap(clamp_bounding_boxes(boxes.data, boxes.format, boxes.canvas_size, clamping_mode.value_or(boxes.clamping_mode)),
              boxes);
}

Tensor clamp_keypoints(const Tensor& points, Size canvas_size) {
  OPSIS_CHECK(points.defined() && points.dim() >= 1 && points.size(-1) == 2,
              "clamp_keypoints: the tensor must be (..., 2), got {}", opsis::detail::shape(points));
  const auto numbers = points.is_floating_point() ? points : points.to(torch::kFloat32);
  return at::stack(
             {numbers.select(-1, 0).clamp(0, canvas_size.width - 1), numbers.select(-1, 1).clamp(0, canvas_size.height - 1)},
             -1)
      .to(points.scalar_type());
}

KeyPoints clamp_keypoints(const KeyPoints& points) { return wrap(clamp_keypoints(points.data, points.canvas_size), points); }

}  // namespace functional

Tensor detail::rectangles(const Tensor& parallelograms) {
  const auto c = (goes_by_float(parallelograms) ? parallelograms.to(torch::kFloat32) : parallelograms).unbind(-1);
  const auto &x1 = c[0], &y1 = c[1], &x2 = c[2], &y2 = c[3], &x3 = c[4], &y3 = c[5], &x4 = c[6], &y4 = c[7];
  constexpr double right_angle = std::numbers::pi / 2;
  const auto cx = (x1 + x3) / 2;
  const auto cy = (y1 + y3) / 2;

  // Two sides of the parallelogram, and the angles they point to.
  const auto wp = at::sqrt((x2 - x1).pow(2) + (y2 - y1).pow(2));
  const auto hp = at::sqrt((x4 - x1).pow(2) + (y4 - y1).pow(2));
  const auto r12 = at::atan2(y1 - y2, x2 - x1);
  const auto r14 = at::atan2(y1 - y4, x4 - x1);
  const auto between = r12 - r14;
  const auto sign = at::where(between > right_angle, -1, 1);

  // The rectangle keeps the longer side's direction and takes in the shorter one's foot on it.
  const auto lean = between.cos(), rise = between.sin();
  const auto w = at::where(wp < hp, wp * rise, wp + hp * lean * sign);
  const auto h = at::where(wp > hp, hp * rise, hp + wp * lean * sign);
  const auto radians = at::where(hp > wp, r14 + right_angle, r12);
  const auto cos = radians.cos(), sin = radians.sin();
  return at::stack({cx - w / 2 * cos - h / 2 * sin, cy - h / 2 * cos + w / 2 * sin,  //
                    cx + w / 2 * cos - h / 2 * sin, cy - h / 2 * cos - w / 2 * sin,  //
                    cx + w / 2 * cos + h / 2 * sin, cy + h / 2 * cos - w / 2 * sin,  //
                    cx - w / 2 * cos + h / 2 * sin, cy + h / 2 * cos + w / 2 * sin},
                   -1)
      .to(parallelograms.scalar_type());
}

Tensor detail::shift(const Tensor& boxes, BoundingBoxFormat format, int64_t dx, int64_t dy) {
  using enum BoundingBoxFormat;
  std::vector<int64_t> by{dx, dy};
  switch (format) {
    case XYXY: by = {dx, dy, dx, dy}; break;
    case XYWH:
    case CXCYWH: by = {dx, dy, 0, 0}; break;
    case XYWHR:
    case CXCYWHR: by = {dx, dy, 0, 0, 0}; break;
    case XYXYXYXY: by = {dx, dy, dx, dy, dx, dy, dx, dy}; break;
  }
  return at::tensor(by, torch::kInt64).to(boxes.options());
}

}  // namespace opsis::inline v1::transforms
