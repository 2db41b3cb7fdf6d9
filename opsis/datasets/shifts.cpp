#include "opsis/datasets/shifts.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::datasets::detail {
namespace {

using torch::Tensor;

constexpr double kBent = 0.01;    // so far from an affine map's place, in pixels: far above what is rounded
constexpr int64_t kPlanes = 6;    // of Shifts::places
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
      moved.points.data.sizes() == at::IntArrayRef({9, 2}) && moved.places.data.dim() == 3 &&
          moved.places.data.size(0) == kPlanes,
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

// Which pixel each one was, and where a transform filled in: (H, W) of what the picture has become.
struct Origins {
  Tensor pixel, filled;
};

Origins origins(std::string_view where, const Shifts& moved, int64_t pixels) {
  const auto planes = moved.places.data.to(torch::kInt64);
  auto filled = planes[4].eq(planes[5]);
  auto pixel = planes[0].add(planes[1], 1 << 8).add_(planes[2], 1 << 16).add_(planes[3], 1 << 24).masked_fill_(filled, 0);
  OPSIS_CHECK(pixel.numel() == 0 || (pixel.min().item<int64_t>() >= 0 && pixel.max().item<int64_t>() < pixels),
              "{}: flow and disparity are carried by masks, got a transform that changes what masks say; leave it out", where);
  return {std::move(pixel), std::move(filled)};
}

// (..., H, W) where the picture's pixels have gone, and 0 where a transform filled in.
Tensor carried_along(const Tensor& numbers, const Origins& origins) {
  return numbers.flatten(-2)
      .index_select(-1, origins.pixel.flatten())
      .unflatten(-1, origins.pixel.sizes())
      .masked_fill_(origins.filled, 0);
}

// Where nothing was moved, nothing is changed.
bool is_moved(const std::optional<Shifts>& shifts) { return shifts && !shifts->places.data.is_same(shifts->unmoved); }

}  // namespace

std::optional<Shifts> shifts_of(std::string_view where, const Tensor& vectors, const Tensor& valid) {
  if (!vectors.defined()) return std::nullopt;
  OPSIS_CHECK(vectors.dim() >= 3, "{}: distances between pixels must be (..., C, H, W), got {}", where,
              opsis::detail::shape(vectors));
  const auto one = vectors.select(-3, 0);
  OPSIS_CHECK(!valid.defined() || valid.sizes() == one.sizes(), "{}: valid must be {}, as its picture, got {}", where,
              opsis::detail::shape(one), opsis::detail::shape(valid));
  const auto canvas = canvas_of(vectors);
  const int64_t pixels = canvas.height * canvas.width;
  OPSIS_CHECK(pixels < int64_t{1} << 32, "{}: a picture must have fewer than 2^32 pixels, got {}", where, canvas);
  const auto number =
      at::arange(pixels, torch::dtype(torch::kInt64).device(vectors.device())).view({canvas.height, canvas.width});
  std::vector<Tensor> planes;
  for (int64_t bits = 0; bits < 32; bits += 8) planes.push_back(number.bitwise_right_shift(bits).bitwise_and_(255));
  planes.insert(planes.end(), {at::ones_like(number), at::zeros_like(number)});
  const auto places = at::stack(planes).to(torch::kUInt8);
  return Shifts{Mask(places), KeyPoints(points_on(canvas), canvas), places};
}

void set_flow(std::string_view where, const std::optional<Shifts>& moved, Tensor& flow, Tensor& valid) {
  if (!is_moved(moved)) return;
  OPSIS_CHECK(flow.size(-3) == 2, "{}: flow must be (..., 2, H, W), got {}", where, opsis::detail::shape(flow));
  const auto map = linear_part(where, *moved, flow);
  const auto from = origins(where, *moved, flow.size(-2) * flow.size(-1));
  const auto vectors = carried_along(flow, from);
  const auto x = vectors.select(-3, 0), y = vectors.select(-3, 1);
  flow = at::stack({blended(map.xx, x, map.xy, y), blended(map.yy, y, map.yx, x)}, -3);
  if (valid.defined()) valid = carried_along(valid, from);
}

void set_disparity(std::string_view where, const std::optional<Shifts>& moved, Tensor& disparity, Tensor& valid) {
  if (!is_moved(moved)) return;
  const auto map = linear_part(where, *moved, disparity);
  OPSIS_CHECK(
      map.xx > 0 && std::abs(map.yx) <= kTurned,
      "{}: pictures of two cameras must not be mirrored from left to right, nor turned, got a transform that does; leave "
      "it out",
      where);
  const auto from = origins(where, *moved, disparity.size(-2) * disparity.size(-1));
  disparity = carried_along(disparity, from).mul_(map.xx);
  if (valid.defined()) valid = carried_along(valid, from);
}

}  // namespace opsis::inline v1::datasets::detail
