#include "opsis/transforms/functional/warp_bytes.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/grid_sampler.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "opsis/core/parallel.h"
#include "opsis/simd/warp.h"
#include "opsis/transforms/functional/warp.h"

namespace opsis::inline v1::transforms {
namespace {

using detail::WarpGrid;
using torch::Tensor;

// (x, y, 1) of each pixel: (1, height * width, 3).
Tensor homogeneous(const Tensor& x, const Tensor& y) {
  const int64_t height = y.size(0), width = x.size(0);
  auto rows = at::empty({1, height, width, 3}, y.options());
  rows.select(-1, 0).copy_(x);
  rows.select(-1, 1).copy_(y.unsqueeze(-1));
  rows.select(-1, 2).fill_(1);
  return rows.view({1, height * width, 3});
}

// How the machine's matrix product sums (a x + b y) + c: each operation rounded, or fused. Places must agree to the last bit, for
// nearest would else take another pixel here and there.
enum class SumOrder { Separate, Fused, Unknown };

// Products so small are ATen's own, and separate on every machine.
bool is_tiny_product(int64_t pixels) { return 6 * pixels < 400; }

SumOrder find_sum_order() {
  const auto factor =
      detail::tensor_of({0.8660254, -0.4567891, 17.3, 0.5123457, 0.9123456, -29.7}, torch::kFloat32).view({1, 3, 2});
  bool separate = true, fused = true;
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{7, 13}, {61, 67}, {8, 500}}) {
    const auto x = at::linspace(-33.3, 31.7, width, torch::kFloat32), y = at::linspace(-21.1, 20.3, height, torch::kFloat32);
    const auto got = homogeneous(x, y).bmm(factor).view({height, width, 2});
    const auto column = x.view({1, -1, 1}), row = y.view({-1, 1, 1});
    const auto numbers = factor[0].unbind(0);
    // One operation at a time, so that no compiler fuses them.
    separate = separate && column.mul(numbers[0]).add(row.mul(numbers[1])).add(numbers[2]).equal(got);
    const auto first = column.mul(numbers[0]).expand({height, width, 2}).contiguous();
    auto sum = first.clone();
    auto out = sum.accessor<float, 3>();
    const auto b = numbers[1].accessor<float, 1>(), c = numbers[2].accessor<float, 1>(), ys = y.accessor<float, 1>();
    for (int64_t i = 0; i < height; ++i) {
      for (int64_t j = 0; j < width; ++j) {
        for (int64_t k = 0; k < 2; ++k) out[i][j][k] = std::fma(b[k], ys[i], out[i][j][k]) + c[k];
      }
    }
    fused = fused && sum.equal(got);
  }
  return separate ? SumOrder::Separate : fused ? SumOrder::Fused : SumOrder::Unknown;
}

SumOrder sum_order() {
  static const SumOrder order = find_sum_order();
  return order;
}

// Whether grid_sample was compiled so that its products are fused with the sums they go into.
bool find_fused_sampling() {
  constexpr int64_t height = 5, width = 7, count = 400;
  constexpr auto at_most = static_cast<float>(height * width - 1);
  const auto image = at::arange(height * width, torch::kFloat32).mul(97).remainder(251).view({1, 1, height, width});
  const auto steps = at::arange(count, torch::kFloat32);
  const auto grid = at::stack({steps.mul(0.7).sin().mul(0.8), steps.mul(1.3).cos().mul(0.7)}, -1).view({1, 1, count, 2});
  const auto out = at::grid_sampler(image, grid, 0, 0, false).view({count});
  const auto* pixels = image.const_data_ptr<float>();
  const auto* places = grid.const_data_ptr<float>();
  const auto* sampled = out.const_data_ptr<float>();
  for (int64_t i = 0; i < count; ++i) {
    const float x = std::fma(places[2 * i] + 1, static_cast<float>(width) / 2, -0.5f);
    const float y = std::fma(places[2 * i + 1] + 1, static_cast<float>(height) / 2, -0.5f);
    const float left = std::floor(x), top = std::floor(y), w = x - left, n = y - top, e = 1 - w, s = 1 - n;
    const float corner = top * static_cast<float>(width) + left;  // well inside, as the grid keeps from the edges
    if (corner < 0 || corner > at_most - static_cast<float>(width) - 1) return false;
    const float* nw = pixels + static_cast<int64_t>(corner);
    const float sum = std::fma(nw[width + 1], n * w, std::fma(nw[width], n * e, std::fma(nw[1], s * w, nw[0] * (s * e))));
    if (sum != sampled[i]) return false;
  }
  return true;
}

bool fused_sampling() {
  static const bool fused = find_fused_sampling();
  return fused;
}

// What the kernel writes outside for each channel, as bytes; none when the type cannot hold it. An empty list is no fill.
std::optional<std::vector<float>> byte_fill(const Fill& fill, torch::ScalarType type, bool nearest) {
  if (fill.is_none()) return std::vector<float>();
  std::vector<float> bytes;
  for (const double number : fill.numbers()) {
    auto value = static_cast<float>(number);
    if (!std::isfinite(value)) return {};
    if (nearest) value = std::nearbyint(value);
    if (type == torch::kBool) value = value != 0 ? 1 : 0;
    if (type == torch::kInt8) {
      if (value < -128 || value > 127) return {};
      value = static_cast<float>(static_cast<uint8_t>(static_cast<int8_t>(value)));
    }
    if (value < 0 || value > 255) return {};
    bytes.push_back(value);
  }
  return bytes;
}

// A copy with room behind the end, as the kernel reads whole vectors.
std::vector<float> roomy(const Tensor& numbers) {
  const auto plain = numbers.contiguous();
  std::vector<float> out(plain.const_data_ptr<float>(), plain.const_data_ptr<float>() + plain.numel());
  out.resize(out.size() + 64);
  return out;
}

}  // namespace

Tensor WarpGrid::places() const {
  const int64_t height = y.size(0), width = x.size(0);
  if (above.defined()) {
    const auto rows = homogeneous(x, y);
    auto out = rows.bmm(above);
    if (below.defined()) out.div_(rows.bmm(below)).sub_(1.0);
    return out.view({1, height, width, 2});
  }
  auto out = at::empty({1, height, width, 2}, y.options());
  out.select(-1, 0).copy_(x);
  out.select(-1, 1).copy_(y.unsqueeze(-1));
  return displacement.defined() ? out.add_(displacement) : out;
}

std::optional<Tensor> detail::warp_bytes(const Tensor& image, const WarpGrid& grid, InterpolationMode interpolation,
                                         const Fill& fill) {
  const bool nearest = interpolation == InterpolationMode::NEAREST;
  const auto type = image.scalar_type();
  const int64_t channels = image.size(-3), height = image.size(-2), width = image.size(-1);
  const int64_t out_height = grid.y.size(0), out_width = grid.x.size(0);
  constexpr int64_t most = int64_t{1} << 24;  // sides are exact as floats
  if (!image.is_cpu() || (!nearest && interpolation != InterpolationMode::BILINEAR)) return {};
  if (type != torch::kUInt8 && !(nearest && (type == torch::kInt8 || type == torch::kBool))) return {};
  if (image.numel() == 0 || out_height == 0 || out_width == 0) return {};
  if (height >= most || width >= most || (!nearest && (height < 2 || width < 2))) return {};
  auto colours = byte_fill(fill, type, nearest);
  if (!colours) return {};

  auto batch = image.reshape({-1, channels, height, width});
  if (type != torch::kUInt8) batch = batch.view(torch::kUInt8);
  simd::WarpPictures pictures;
  const int64_t images = batch.size(0);
  const bool interleaved = channels == 3 && batch.stride(1) == 1 && batch.stride(3) == 3 && width > 1;
  const auto out = at::empty({images, channels, out_height, out_width}, batch.options());
  const int64_t target_plane = out_height * out_width;
  pictures.source_height = height;
  pictures.source_width = width;
  pictures.target_width = pictures.target_row = out_width;
  pictures.target = out.data_ptr<uint8_t>();
  pictures.target_plane = target_plane;
  if (interleaved) {
    pictures.channels = 3;
    pictures.count = images;
    pictures.source_row = batch.stride(2);
    pictures.source_picture = batch.stride(0);
    pictures.target_picture = 3 * target_plane;
  } else {
    batch = batch.contiguous();
    pictures.count = images * channels;
    pictures.source_row = width;
    pictures.source_picture = height * width;
    pictures.target_picture = target_plane;
  }
  pictures.source = batch.const_data_ptr<uint8_t>();
  if (height * pictures.source_row >= std::numeric_limits<int32_t>::max()) return {};
  std::vector<float> fills;
  for (int64_t i = 0; !colours->empty() && i < images * channels; ++i) {
    fills.push_back((*colours)[colours->size() == 1 ? 0 : static_cast<size_t>(i % channels)]);
  }
  pictures.fill = fills.empty() ? nullptr : fills.data();
  pictures.fused = fused_sampling();

  simd::WarpPlaces places;
  auto x = roomy(grid.x), y = roomy(grid.y);
  Tensor displacement = grid.displacement;
  places.kind = simd::WarpPlaces::Kind::Displaced;
  if (grid.above.defined()) {
    const auto order = is_tiny_product(out_height * out_width) ? SumOrder::Separate : sum_order();
    if (order == SumOrder::Unknown) {
      displacement = grid.places();
      std::fill(x.begin(), x.end(), 0.0f);
      std::fill(y.begin(), y.end(), 0.0f);
    } else {
      const auto above = grid.above.contiguous();
      const float* m = above.const_data_ptr<float>();
      for (int64_t i = 0; i < 3; ++i) places.m[i] = m[2 * i], places.m[3 + i] = m[2 * i + 1];
      places.kind = simd::WarpPlaces::Kind::Affine;
      places.fused = order == SumOrder::Fused;
      if (grid.below.defined()) {
        const auto below = grid.below.contiguous();
        places.m[6] = below.const_data_ptr<float>()[0];
        places.m[7] = below.const_data_ptr<float>()[2];
        places.kind = simd::WarpPlaces::Kind::Perspective;
      }
    }
  }
  places.x = x.data();
  places.y = y.data();
  if (places.kind == simd::WarpPlaces::Kind::Displaced) {
    places.dx = displacement.const_data_ptr<float>();
    places.dy = places.dx + displacement.stride(3);
    places.step = displacement.stride(2);
    places.row = displacement.stride(1);
  }

  const int64_t grain = std::max<int64_t>(1, 16384 / out_width);
  parallel_for(0, out_height, grain, [&](int64_t first, int64_t last) {
    nearest ? simd::warp_nearest(places, pictures, first, last) : simd::warp_bilinear(places, pictures, first, last);
  });
  auto shape = image.sizes().vec();
  shape[shape.size() - 2] = out_height;
  shape[shape.size() - 1] = out_width;
  return (type == torch::kUInt8 ? out : out.view(type)).view(shape);
}

}  // namespace opsis::inline v1::transforms
