#include "opsis/simd/matmul.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/matmul.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/activate-inl.h"
#include "opsis/simd/tile_kernels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

constexpr int64_t kMostVectors = 4;
constexpr int64_t kMostRows = 10;

constexpr int64_t RowsFor(int64_t vectors) { return RowsWithin(vectors, kMostRows); }

int64_t TileRows(int64_t vectors) { return RowsFor(vectors); }
int64_t Lanes() { return static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>())); }

template <int64_t kRows, int64_t kVectors>
void MultiplyTile(const Strip& strip, const Tile& tile) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto last = strip.columns - (kVectors - 1) * lanes;  // lanes of the last vector
  V sums[kRows][kVectors];
  const auto* weights = strip.weights;
  const auto add = [&](const float* more, int64_t stride) HWY_ATTR {
    for (int64_t r = 0; r < kRows; ++r) {
      const auto* row = more + r * stride;
      for (int64_t v = 0; v + 1 < kVectors; ++v) sums[r][v] = hn::Add(sums[r][v], hn::LoadU(d, row + v * lanes));
      sums[r][kVectors - 1] = hn::Add(sums[r][kVectors - 1], LoadSome(d, row + (kVectors - 1) * lanes, last));
    }
  };
  for (int64_t v = 0; v < kVectors; ++v) {
    const auto bias = tile.begin == 0 ? hn::LoadU(d, weights + v * lanes) : hn::Zero(d);
    for (int64_t r = 0; r < kRows; ++r) sums[r][v] = bias;
  }
  if (tile.begin > 0) {
    add(tile.out, tile.stride);
  } else if (tile.addend) {
    add(tile.addend, tile.addend_stride);
  }
  weights += (1 + tile.begin) * kVectors * lanes;
  const auto *next = tile.next, *const next_end = next + tile.next_count;
  for (int64_t tap = 0; tap < tile.taps; ++tap) {
    const float* seen[kRows];
    for (int64_t r = 0; r < kRows; ++r) seen[r] = tile.seen[tap * kRows + r] + tile.offset;
    for (int64_t k = 0; k < tile.depth; ++k, weights += kVectors * lanes) {
      if (next < next_end) {
        __builtin_prefetch(next, 0, 2);
        next += 16;  // a line of the cache
      }
      V row[kVectors];
      for (int64_t v = 0; v < kVectors; ++v) row[v] = hn::LoadU(d, weights + v * lanes);
      for (int64_t r = 0; r < kRows; ++r) {
        const auto number = hn::Set(d, seen[r][k]);
        for (int64_t v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(number, row[v], sums[r][v]);
      }
    }
  }
  const auto low = hn::Set(d, tile.low), high = hn::Set(d, tile.high);
  const bool hardswish = tile.activation == Activation::Hardswish;
  for (int64_t r = 0; r < kRows; ++r) {
    auto* out = tile.out + r * tile.stride;
    for (int64_t v = 0; v < kVectors; ++v) {
      auto held = Bounded(sums[r][v], low, high);
      if (hardswish) held = Hardswish(d, held);
      if (v + 1 < kVectors) {
        hn::StoreU(held, d, out + v * lanes);
      } else {
        StoreSome(held, d, out + v * lanes, last);
      }
    }
  }
}

using Kernel = void (*)(const Strip&, const Tile&);

template <int64_t kRows, int64_t kVectors>
struct KernelOf {
  static constexpr Kernel kKernel = MultiplyTile<kRows, kVectors>;
};

constexpr auto kKernels = KernelsOfTiles<KernelOf, Kernel, kMostRows, kMostVectors>();

void Multiply(const Strip& strip, const Tile& tile) {
  kKernels[static_cast<size_t>(strip.vectors - 1)][static_cast<size_t>(tile.rows - 1)](strip, tile);
}

template <int64_t kVectors>
void MultiplyLineOf(const Strip& strip, const Line& line) {
  constexpr auto kPixels = RowsFor(kVectors);
  std::vector<const float*> seen(static_cast<size_t>(line.taps * kPixels));
  const auto part = line.pixels > 0 ? line.next_count / ((line.pixels + kPixels - 1) / kPixels) : 0;
  const auto* next = line.next;
  const auto run = [&](Kernel kernel, int64_t first, int64_t rows) {
    auto* to = seen.data();
    for (int64_t tap = 0; tap < line.taps; ++tap) {
      for (int64_t p = first; p < first + rows; ++p) *to++ = line.seen[tap] + p * line.step;
    }
    kernel(strip, {.rows = rows,
                   .seen = seen.data(),
                   .taps = line.taps,
                   .depth = line.depth,
                   .out = line.out + first * line.stride,
                   .stride = line.stride,
                   .addend = line.addend ? line.addend + first * line.stride : nullptr,
                   .addend_stride = line.stride,
                   .next = next,
                   .next_count = part,
                   .low = line.low,
                   .high = line.high,
                   .activation = line.activation});
    next += part;
  };
  int64_t x = 0;
  for (; x + kPixels <= line.pixels; x += kPixels) run(MultiplyTile<kPixels, kVectors>, x, kPixels);
  if (x < line.pixels) run(kKernels[kVectors - 1][static_cast<size_t>(line.pixels - x - 1)], x, line.pixels - x);
}

void MultiplyLine(const Strip& strip, const Line& line) {
  static_assert(kMostVectors == 4);
  static constexpr decltype(&MultiplyLine) kLines[] = {MultiplyLineOf<1>, MultiplyLineOf<2>, MultiplyLineOf<3>,
                                                       MultiplyLineOf<4>};
  kLines[strip.vectors - 1](strip, line);
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(TileRows);
HWY_EXPORT(Lanes);
HWY_EXPORT(Multiply);
HWY_EXPORT(MultiplyLine);

Strips strips_of(int64_t columns, int64_t depth, int64_t most) {
  Strips strips{.columns = columns, .depth = depth, .lanes = HWY_DYNAMIC_DISPATCH(Lanes)()};
  strips.vectors = (columns + strips.lanes - 1) / strips.lanes;
  strips.count = (strips.vectors + most - 1) / most;
  if (strips.count > 1 && strips.count < strips.vectors) strips.count += strips.count % 2;  // two threads have as much to do
  return strips;
}

void pack_strips(const Strips& strips, const float* weights, const float* bias, float* packed) {
  for (int64_t strip = 0; strip < strips.count; ++strip) {
    const auto first = strips.begin(strip) * strips.lanes, width = strips.width(strip) * strips.lanes;
    for (int64_t row = -1; row < strips.depth; ++row) {
      for (int64_t column = first; column < first + width; ++column) {
        const bool there = column < strips.columns;
        *packed++ = !there ? 0 : row >= 0 ? weights[column * strips.depth + row] : bias ? bias[column] : 0;
      }
    }
  }
}

int64_t tile_rows(int64_t vectors) { return HWY_DYNAMIC_DISPATCH(TileRows)(vectors); }

void multiply(const Strip& strip, const Tile& tile) {
  HWY_DYNAMIC_DISPATCH(Multiply)(strip, tile);
  if (!is_short(tile.activation)) activate(tile.activation, tile.out, tile.rows, tile.stride, strip.columns);
}

void multiply(const Strip& strip, const Line& line) {
  HWY_DYNAMIC_DISPATCH(MultiplyLine)(strip, line);
  if (!is_short(line.activation)) activate(line.activation, line.out, line.pixels, line.stride, strip.columns);
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
