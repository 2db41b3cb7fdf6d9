#include "opsis/simd/attention.h"

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/attention.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/exponential-inl.h"
#include "opsis/simd/lanes-inl.h"
#include "opsis/simd/tile_kernels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

constexpr int64_t kMostVectors = kRegisters / 8;
constexpr int64_t kMostRows = 12;

// Between rows of queries, and of scores; known here, so that one register tells where all rows of a tile are. No power of two,
// which would have them share a few places of the cache.
constexpr int64_t kStride = kMostKeys + 16;

constexpr int64_t RowsFor(int64_t vectors) { return RowsWithin(vectors, kMostRows); }

int64_t Lanes() { return static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>())); }
int64_t VectorsOf(int64_t numbers) { return (numbers + Lanes() - 1) / Lanes(); }

// So many things in as few pieces as may be, none larger than `most`, all of about one size.
struct Pieces {
  Pieces(int64_t all, int64_t most) : all(all), count((all + most - 1) / most) {}
  int64_t begin(int64_t piece) const { return all * piece / count; }
  int64_t size(int64_t piece) const { return begin(piece + 1) - begin(piece); }
  int64_t all, count;
};

// Rows, kStride apart, by a matrix of `depth` rows, of which some vectors are taken; each result times a factor of its row.
struct Product {
  const float* rows = nullptr;
  int64_t depth = 0;
  const float* by = nullptr;
  int64_t by_stride = 0;
  const float* factors = nullptr;
  float* out = nullptr;
  int64_t out_stride = 0;
};

template <int64_t kRows, int64_t kVectors>
void MultiplyTile(const Product& product) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  V sums[kRows][kVectors];
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t v = 0; v < kVectors; ++v) sums[r][v] = hn::Zero(d);
  }
  const auto* by = product.by;
  for (const auto *number = product.rows, *end = number + product.depth; number < end; ++number, by += product.by_stride) {
    V row[kVectors];
    for (int64_t v = 0; v < kVectors; ++v) row[v] = hn::LoadU(d, by + v * lanes);
    for (int64_t r = 0; r < kRows; ++r) {
      const auto one = hn::Set(d, number[r * kStride]);
      for (int64_t v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(one, row[v], sums[r][v]);
    }
  }
  for (int64_t r = 0; r < kRows; ++r) {
    const auto factor = hn::Set(d, product.factors[r]);
    for (int64_t v = 0; v < kVectors; ++v)
      hn::StoreU(hn::Mul(sums[r][v], factor), d, product.out + r * product.out_stride + v * lanes);
  }
}

using Kernel = void (*)(const Product&);

template <int64_t kRows, int64_t kVectors>
struct KernelOf {
  static constexpr Kernel kKernel = MultiplyTile<kRows, kVectors>;
};

constexpr auto kKernels = KernelsOfTiles<KernelOf, Kernel, kMostRows, kMostVectors>();

// Up to kMostRows rows by some vectors, up to kMostVectors.
void Multiply(Product product, int64_t rows, int64_t vectors) {
  const Pieces tiles(rows, RowsFor(vectors));
  const auto first = product;
  for (int64_t tile = 0; tile < tiles.count; ++tile) {
    const auto row = tiles.begin(tile);
    product.rows = first.rows + row * kStride;
    product.factors = first.factors + row;
    product.out = first.out + row * first.out_stride;
    kKernels[static_cast<size_t>(vectors - 1)][static_cast<size_t>(tiles.size(tile) - 1)](product);
  }
}

// Numbers of any type as float32.
template <class T>
void Copy(const T* from, int64_t count, float* to) {
  ForLanes<float>(0, count, [&](auto d, int64_t i) HWY_ATTR { hn::StoreU(LoadNumbers(d, from + i), d, to + i); });
}

// Rows as columns: what `count` rows have at a place comes side by side; what is missing in the last vector is zero.
template <class T>
void Turn(const T* from, int64_t stride, int64_t count, int64_t depth, float* to, int64_t to_stride) {
#if HWY_TARGET == HWY_SCALAR
  constexpr int64_t kEach = 1;
#else
  constexpr int64_t kEach = 4;  // four by four
#endif
  const hn::CappedTag<float, kEach> d;
  const auto zero = hn::Zero(d);
  for (int64_t row = 0; row < to_stride; row += kEach, to += kEach) {
    const auto there = std::clamp<int64_t>(count - row, 0, kEach);
    const auto* at = from + std::min(row, count) * stride;
    int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
    for (; there > 0 && i + kEach <= depth; i += kEach) {
      const auto load = [&](int64_t r) HWY_ATTR { return r < there ? LoadNumbers(d, at + r * stride + i) : zero; };
      const auto a = load(0), b = load(1), c = load(2), e = load(3);
      const auto ab = hn::InterleaveLower(d, a, b), ce = hn::InterleaveLower(d, c, e);
      const auto ab_upper = hn::InterleaveUpper(d, a, b), ce_upper = hn::InterleaveUpper(d, c, e);
      auto* out = to + i * to_stride;
      hn::StoreU(hn::ConcatLowerLower(d, ce, ab), d, out);
      hn::StoreU(hn::ConcatUpperUpper(d, ce, ab), d, out + to_stride);
      hn::StoreU(hn::ConcatLowerLower(d, ce_upper, ab_upper), d, out + 2 * to_stride);
      hn::StoreU(hn::ConcatUpperUpper(d, ce_upper, ab_upper), d, out + 3 * to_stride);
    }
#endif
    for (; i < depth; ++i) {
      hn::StoreU(zero, d, to + i * to_stride);
      for (int64_t r = 0; r < there; ++r) Copy(at + r * stride + i, 1, to + i * to_stride + r);
    }
  }
}

// Rows of scores, kStride apart and as long as whole vectors, become powers of e; what makes their sums one goes to `factors`.
template <bool kMasked, int64_t kRows>
HWY_INLINE void WeighRows(float* scores, int64_t keys, const float* mask, int64_t mask_stride, float* factors) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto last = std::max<int64_t>(keys - 1, 0) / lanes * lanes;  // where the last vector begins
  const auto there = hn::FirstN(d, static_cast<size_t>(keys - last));
  const auto none = hn::Set(d, -std::numeric_limits<float>::infinity()), least = hn::Set(d, -87.0f);
  V most[kRows], sums[kRows];
  for (int64_t r = 0; r < kRows; ++r) most[r] = none;
  for (int64_t i = 0; i < last; i += lanes) {
    for (int64_t r = 0; r < kRows; ++r) {
      auto score = hn::LoadU(d, scores + r * kStride + i);
      if constexpr (kMasked) {
        score = hn::Add(score, hn::LoadU(d, mask + r * mask_stride + i));
        hn::StoreU(score, d, scores + r * kStride + i);
      }
      most[r] = hn::Max(most[r], score);
    }
  }
  for (int64_t r = 0; r < kRows; ++r) {
    auto score = hn::LoadU(d, scores + r * kStride + last);
    if constexpr (kMasked) score = hn::Add(score, LoadSome(d, mask + r * mask_stride + last, keys - last));
    score = hn::IfThenElse(there, score, none);
    hn::StoreU(score, d, scores + r * kStride + last);
    most[r] = hn::MaxOfLanes(d, hn::Max(most[r], score));
    most[r] = hn::IfThenElse(hn::Eq(most[r], none), hn::Zero(d), most[r]);
    sums[r] = hn::Zero(d);
  }
  // Powers below the least of float32 are nothing. What is no number stays so, and makes the sum so.
  for (int64_t i = 0; i <= last; i += lanes) {
    for (int64_t r = 0; r < kRows; ++r) {
      const auto x = hn::Sub(hn::LoadU(d, scores + r * kStride + i), most[r]);
      const auto power = hn::IfThenZeroElse(hn::Lt(x, least), Exponential(d, x));
      hn::StoreU(power, d, scores + r * kStride + i);
      sums[r] = hn::Add(sums[r], power);
    }
  }
  for (int64_t r = 0; r < kRows; ++r) {
    const auto all = hn::GetLane(hn::SumOfLanes(d, sums[r]));
    factors[r] = all == 0 ? 0.0f : 1 / all;
  }
}

// Some at once, which wait for nothing of each other.
template <bool kMasked>
void Weigh(float* scores, int64_t rows, int64_t keys, const float* mask, int64_t mask_stride, float* factors) {
  constexpr int64_t kAtOnce = 2;
  int64_t r = 0;
  for (; r + kAtOnce <= rows; r += kAtOnce)
    WeighRows<kMasked, kAtOnce>(scores + r * kStride, keys, mask + r * mask_stride, mask_stride, factors + r);
  for (; r < rows; ++r) WeighRows<kMasked, 1>(scores + r * kStride, keys, mask + r * mask_stride, mask_stride, factors + r);
}

// What attend() keeps, behind each other: queries, scores and results of kMostRows tokens, keys, turned, strip by strip, and
// values.
struct Room {
  Room(int64_t keys, int64_t depth, int64_t width)
      : strips(VectorsOf(keys), kMostVectors),
        width(VectorsOf(width) * Lanes()),
        scores(kMostRows * kStride),
        results(2 * scores),
        keys(results + kMostRows * this->width),
        values(this->keys + strips.all * Lanes() * depth),
        size(values + keys * this->width) {}

  Pieces strips;            // of vectors of keys
  int64_t width;            // of results and values, as whole vectors
  int64_t scores, results;  // where they begin, behind the queries
  int64_t keys, values, size;
};

int64_t RoomFor(int64_t keys, int64_t depth, int64_t width) { return Room(keys, depth, width).size; }

template <class T>
void Attend(const Attention<T>& head, float* begin) {
  const Room room(head.keys, head.depth, head.width);
  auto *queries = begin, *scores = begin + room.scores, *keys = begin + room.keys, *values = begin + room.values,
       *results = begin + room.results;
  const auto lanes = Lanes();
  for (int64_t strip = 0; strip < room.strips.count; ++strip) {
    const auto first = room.strips.begin(strip) * lanes, columns = room.strips.size(strip) * lanes;
    Turn(head.key + first * head.key_stride, head.key_stride, std::min(columns, head.keys - first), head.depth,
         keys + first * head.depth, columns);
  }
  // Where they lie they are far apart, and share a few places of the cache.
  for (int64_t k = 0; k < head.keys; ++k) {
    auto* to = values + k * room.width;
    Copy(head.value + k * head.value_stride, head.width, to);
    std::fill(to + head.width, to + room.width, 0.0f);
  }

  float scales[kMostRows], inverses[kMostRows];
  std::fill_n(scales, kMostRows, head.scale);
  const Pieces blocks(head.tokens, kMostRows), columns(room.width / lanes, kMostVectors);
  for (int64_t block = 0; block < blocks.count; ++block) {
    const auto token = blocks.begin(block), rows = blocks.size(block);
    for (int64_t r = 0; r < rows; ++r) Copy(head.query + (token + r) * head.query_stride, head.depth, queries + r * kStride);
    for (int64_t strip = 0; strip < room.strips.count; ++strip) {
      const auto first = room.strips.begin(strip) * lanes, vectors = room.strips.size(strip);
      Multiply({.rows = queries,
                .depth = head.depth,
                .by = keys + first * head.depth,
                .by_stride = vectors * lanes,
                .factors = scales,
                .out = scores + first,
                .out_stride = kStride},
               rows, vectors);
    }
    if (head.mask) {
      Weigh<true>(scores, rows, head.keys, head.mask + token * head.mask_stride, head.mask_stride, inverses);
    } else {
      Weigh<false>(scores, rows, head.keys, nullptr, 0, inverses);
    }
    for (int64_t piece = 0; piece < columns.count; ++piece) {
      const auto first = columns.begin(piece) * lanes;
      Multiply({.rows = scores,
                .depth = head.keys,
                .by = values + first,
                .by_stride = room.width,
                .factors = inverses,
                .out = results + first,
                .out_stride = room.width},
               rows, columns.size(piece));
    }
    for (int64_t r = 0; r < rows; ++r) {
      const auto* from = results + r * room.width;
      auto* to = head.out + (token + r) * head.out_stride;
      ForLanes<float>(0, head.width, [&](auto d, int64_t i) HWY_ATTR { StoreNumbers(hn::LoadU(d, from + i), d, to + i); });
    }
  }
}

void AttendFloats(const Attention<float>& head, float* room) { Attend(head, room); }
void AttendHalves(const Attention<uint16_t>& head, float* room) { Attend(head, room); }

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(RoomFor);
HWY_EXPORT(AttendFloats);
HWY_EXPORT(AttendHalves);

int64_t attention_room(int64_t keys, int64_t depth, int64_t width) { return HWY_DYNAMIC_DISPATCH(RoomFor)(keys, depth, width); }

void attend(const Attention<float>& head, float* room) { HWY_DYNAMIC_DISPATCH(AttendFloats)(head, room); }
void attend(const Attention<uint16_t>& head, float* room) { HWY_DYNAMIC_DISPATCH(AttendHalves)(head, room); }

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
