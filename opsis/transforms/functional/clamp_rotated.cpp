// Cutting rotated boxes at their canvas.
//
// The left edge is treated alone: the two sides that meet in the leftmost corner are moved, each in its own direction, until
// the corner no longer sticks out (Soft) or the box fits (Hard). The picture is then turned by a quarter so that the next
// edge is on the left, four times in all. A side is a line y = slope * x + intercept, so that moving it changes its intercept.
// torchvision's algorithm, in its order of operations.

#include <ATen/ops/cat.h>
#include <ATen/ops/diff.h>
#include <ATen/ops/isclose.h>
#include <ATen/ops/max.h>
#include <ATen/ops/min.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "opsis/transforms/functional/boxes.h"

namespace opsis::inline v1::transforms {
namespace {

using torch::Tensor;

Tensor all_x(const Tensor& corners) { return corners.slice(-1, 0, c10::nullopt, 2); }
Tensor all_y(const Tensor& corners) { return corners.slice(-1, 1, c10::nullopt, 2); }

// Where each number of the boxes (N, 8) comes from when the leftmost corner (of several, the uppermost) becomes the first.
Tensor leftmost_first(const Tensor& corners) {
  const auto x = all_x(corners), y = all_y(corners);
  const auto y_max = std::get<0>(at::max(y.abs(), 1, true));
  const auto x_max = std::get<0>(at::max(x.abs(), 1, true));
  const auto leftmost = std::get<1>((y / y_max + x / x_max * 100).min(1));
  auto order = at::ones_like(corners);
  order.select(-1, 0).copy_(leftmost.mul(2));
  return order.cumsum_(1).remainder_(8).to(torch::kInt64);
}

struct Lines {
  Tensor slope, intercept;  // (N, 4): from each corner to the next
};
Lines lines_through(const Tensor& corners) {
  const auto x = all_x(corners), y = all_y(corners);
  const auto slope = y.diff(1, -1, {}, y.slice(-1, 0, 1)) / x.diff(1, -1, {}, x.slice(-1, 0, 1));
  return {slope, y - slope * x};
}

// The corners (N, 8) in which each line meets the one before it.
Tensor intersections(const Lines& lines) {
  const auto& [slope, intercept] = lines;
  const auto x = intercept.diff(1, -1, intercept.slice(-1, 3, 4)).neg() / slope.diff(1, -1, slope.slice(-1, 3, 4));
  const auto y = slope * x + intercept;
  return at::stack({x, y}, -1).reshape({slope.size(0), 8});
}

// The intercepts (N, 4) of the moved sides, never beyond those of the box as it was given.
Tensor moved_intercepts(const Lines& lines, const Tensor& given, Size canvas, ClampingMode mode) {
  const auto a = lines.slope.unbind(-1), b = lines.intercept.unbind(-1);
  const auto limit = lines_through(given).intercept.unbind(-1);
  auto b1 = b[1].clamp(b[0], b[2]).clamp(0, canvas.height);
  auto b2 = b[1], b3 = b[2];
  auto b4 = b[2].clamp(b[1], b[3]).clamp(0, canvas.height);

  if (mode == ClampingMode::Hard) {
    b1 = b4 = (b1 + b4) / 2;
    // The other two sides give way where the new ones would meet them outside: at y = 0, at the canvas's height or width.
    const auto low = at::stack(
        {b1 * a[1] / a[0], b3 * a[1] / a[2], (a[0] - a[1]) * canvas.width + b1, (a[2] - a[1]) * canvas.width + b3}, 1);
    b2 = std::get<0>(at::max(low, 1)).clamp({}, b2);
    const auto high =
        at::stack({canvas.height * (1 - a[2] / a[3]) + b4 * a[2] / a[3], canvas.height * (1 - a[2] / a[1]) + b2 * a[2] / a[1],
                   (a[1] - a[2]) * canvas.width + b2, (a[3] - a[2]) * canvas.width + b4},
                  1);
    b3 = std::get<0>(at::min(high, 1)).clamp(b3);
    // One and the same number from here on, so both pairs of limits hold for both.
    b1 = b4 = b1.clamp(limit[0], limit[2]).clamp(limit[1], limit[3]);
  } else {
    b1 = b1.clamp(limit[0], limit[2]);
    b4 = b4.clamp(limit[1], limit[3]);
  }
  return at::stack({b1, b2.clamp(limit[1], limit[3]), b3.clamp(limit[0], limit[2]), b4}, -1);
}

Tensor clamp_left_edge(const Tensor& corners, const Tensor& given, Size canvas, ClampingMode mode) {
  const auto lines = lines_through(corners);
  const auto moved = intersections({lines.slope, moved_intercepts(lines, given, canvas, mode)});

  const auto c = corners.unbind(-1);
  const auto &x1 = c[0], &y1 = c[1], &x2 = c[2], &y2 = c[3], &x3 = c[4], &y3 = c[5], &x4 = c[6], &y4 = c[7];
  const auto upright = at::stack({x1.clamp(0), y1, x2, y2, x3, y3, x4.clamp(0), y4}, -1);

  // Later cases win: a box with sides along the axes has no slopes, and one that is all outside is gone.
  const auto sticks_out = (x1 < 0) & ~moved.isnan().any(-1);
  const auto is_upright = at::isclose(y1, y2) | at::isclose(y3, y4);
  const auto is_gone = ((x1 <= 0) & (x2 <= 0) & (x3 <= 0) & (x4 <= 0)) | at::isclose(y1, y4) | at::isclose(y2, y3) |
                       (is_upright & at::isclose(x1, x2));
  auto out = at::where(sticks_out.unsqueeze(1), moved, corners);
  out = at::where(is_upright.unsqueeze(1), upright, out);
  return at::where(is_gone.unsqueeze(1), at::zeros_like(out), out);
}

// A quarter turn of the canvas, counter-clockwise.
Tensor turned(const Tensor& corners, Size canvas) {
  return at::stack({all_y(corners), canvas.width - all_x(corners)}, -1).reshape(corners.sizes());
}

}  // namespace

Tensor detail::clamp_rotated(const Tensor& boxes, BoundingBoxFormat format, Size canvas, ClampingMode mode) {
  auto corners = functional::convert_bounding_box_format(boxes, format, BoundingBoxFormat::XYXYXYXY).reshape({-1, 8});
  auto given = corners;
  for (int edge = 0; edge < 4; ++edge) {
    const auto order = leftmost_first(corners);
    corners = clamp_left_edge(corners.gather(1, order), given.gather(1, order), canvas, mode);
    // torchvision puts the corners back by the same order, not by its inverse: they end up rotated, not restored.
    corners = turned(corners.gather(1, order), canvas);
    given = turned(given.gather(1, order).gather(1, order), canvas);
    canvas = {canvas.width, canvas.height};
  }
  return functional::convert_bounding_box_format(corners, BoundingBoxFormat::XYXYXYXY, format).reshape(boxes.sizes());
}

}  // namespace opsis::inline v1::transforms
