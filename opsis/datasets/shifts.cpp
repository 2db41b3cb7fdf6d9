#include "opsis/datasets/shifts.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::datasets::detail {
namespace {

using torch::Tensor;

constexpr double kBent = 0.01;    // so far from an affine map's place, in pixels: far above what is rounded
constexpr double kTurned = 1e-5;  // so far down for a pixel to the right

Size canvas_of(const Tensor& vectors) { return {vectors.size(-2), vectors.size(-1)}; }

// Three rows of three points: of an affine map three of them would do, by the others it is known for one. They are whole
// numbers within the picture, as ElasticTransform needs them.
Tensor points_on(Size canvas) {
  std::vector<double> out;
  const auto width = std::max<int64_t>(canvas.width - 1, 1), height = std::max<int64_t>(canvas.height - 1, 1);
  for (const auto y : {int64_t{0}, height / 2, height}) {
    for (const auto x : {int64_t{0}, width / 2, width}) {
      out.push_back(static_cast<double>(x));
      out.push_back(static_cast<double>(y));
    }
  }
  return at::tensor(out, torch::kFloat64).view({9, 2});
}

// What an affine map does to vectors: (x, y) becomes (xx x + xy y, yx x + yy y).
struct Linear {
  double xx, xy, yx, yy;
};

Linear linear_part(std::string_view where, const Shifts& moved, const Tensor& vectors) {
  OPSIS_CHECK(
      moved.points.data.sizes() == at::IntArrayRef({9, 2}) && moved.known.data.size(0) == 2 &&
          moved.vectors.data.dim() == vectors.dim() && moved.vectors.data.size(-3) == vectors.size(-3),
      "{}: flow and disparity are carried by masks and key points, which transforms must not take out, got one that does; "
      "leave it out",
      where);
  const auto before = points_on(canvas_of(vectors)), after = moved.points.data.to(torch::kFloat64).contiguous();
  const auto* from = before.const_data_ptr<double>();
  const auto* to = after.const_data_ptr<double>();
  const auto width = from[4], height = from[13];  // of the last point of the first row, and of that of the first column
  const Linear map{(to[4] - to[0]) / width, (to[12] - to[0]) / height, (to[5] - to[1]) / width, (to[13] - to[1]) / height};
  for (int64_t i = 0; i < before.size(0); ++i) {
    const auto x = from[2 * i], y = from[2 * i + 1];
    const bool fits = std::abs(to[0] + map.xx * x + map.xy * y - to[2 * i]) <= kBent &&
                      std::abs(to[1] + map.yx * x + map.yy * y - to[2 * i + 1]) <= kBent;
    OPSIS_CHECK(
        fits,
        "{}: transforms must move all pixels by one affine map, for so do flow and disparity follow, got one that bends "
        "pictures; leave it out",
        where);
  }
  return map;
}

// a x + b y; without y where b is 0, for unknown flow may be infinite.
Tensor blended(double a, const Tensor& x, double b, const Tensor& y) { return b == 0 ? x.mul(a) : x.mul(a).add_(y.mul(b)); }

void set(const Shifts& moved, Tensor changed, Tensor& vectors, Tensor& valid) {
  const auto known = moved.known.data.select(0, 0);
  const auto filled = known.eq(moved.known.data.select(0, 1));
  vectors = changed.masked_fill_(filled.unsqueeze(-3), 0);
  if (valid.defined()) valid = known.eq(2).logical_and_(filled.logical_not());
}

// Where nothing was moved, nothing is changed.
bool is_moved(const std::optional<Shifts>& shifts, const Tensor& vectors) {
  return shifts && !shifts->vectors.data.is_same(vectors);
}

}  // namespace

std::optional<Shifts> shifts_of(std::string_view where, const Tensor& vectors, const Tensor& valid) {
  if (!vectors.defined()) return std::nullopt;
  OPSIS_CHECK(vectors.dim() >= 3, "{}: distances between pixels must be (..., C, H, W), got {}", where,
              opsis::detail::shape(vectors));
  const auto one = vectors.select(-3, 0);
  OPSIS_CHECK(!valid.defined() || valid.sizes() == one.sizes(), "{}: valid must be {}, as its picture, got {}", where,
              opsis::detail::shape(one), opsis::detail::shape(valid));
  const auto known =
      valid.defined() ? valid.to(torch::kUInt8).add_(1) : at::ones(one.sizes(), one.options().dtype(torch::kUInt8));
  return Shifts{Mask(vectors), Mask(at::stack({known, at::zeros_like(known)})),
                KeyPoints(points_on(canvas_of(vectors)), canvas_of(vectors))};
}

void set_flow(std::string_view where, const std::optional<Shifts>& moved, Tensor& flow, Tensor& valid) {
  if (!is_moved(moved, flow)) return;
  OPSIS_CHECK(flow.size(-3) == 2, "{}: flow must be (..., 2, H, W), got {}", where, opsis::detail::shape(flow));
  const auto map = linear_part(where, *moved, flow);
  const auto x = moved->vectors.data.select(-3, 0), y = moved->vectors.data.select(-3, 1);
  set(*moved, at::stack({blended(map.xx, x, map.xy, y), blended(map.yy, y, map.yx, x)}, -3), flow, valid);
}

void set_disparity(std::string_view where, const std::optional<Shifts>& moved, Tensor& disparity, Tensor& valid) {
  if (!is_moved(moved, disparity)) return;
  const auto map = linear_part(where, *moved, disparity);
  OPSIS_CHECK(
      map.xx > 0 && std::abs(map.yx) <= kTurned,
      "{}: pictures of two cameras must not be mirrored from left to right, nor turned, got a transform that does; leave "
      "it out",
      where);
  set(*moved, moved->vectors.data.mul(map.xx), disparity, valid);
}

}  // namespace opsis::inline v1::datasets::detail
