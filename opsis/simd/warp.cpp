// See warp.h. A row is done in chunks that stay in the first cache, each in four steps: places (grid coordinates), locating
// (offsets and weights), fetching (plain loads: hardware gathers are slower on most machines), blending.
#include "opsis/simd/warp.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/warp.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using DF = hn::ScalableTag<float>;
using DI = hn::RebindToSigned<DF>;
using DU = hn::RebindToUnsigned<DF>;
using VF = hn::Vec<DF>;
using VI = hn::Vec<DI>;
using VU = hn::Vec<DU>;

constexpr int64_t kChunk = 256;
constexpr int64_t kRoom = kChunk + HWY_MAX_BYTES;  // loops run over whole vectors

// Each member is written in one step and read in a later one.
struct Chunk {
  HWY_ALIGN_MAX float x[kRoom];
  HWY_ALIGN_MAX float y[kRoom];
  HWY_ALIGN_MAX int32_t offset[kRoom];
  HWY_ALIGN_MAX float nw[kRoom];
  HWY_ALIGN_MAX float ne[kRoom];
  HWY_ALIGN_MAX float sw[kRoom];
  HWY_ALIGN_MAX float se[kRoom];
  HWY_ALIGN_MAX float inside[kRoom];
  HWY_ALIGN_MAX uint64_t upper[kRoom];  // two pixels side by side
  HWY_ALIGN_MAX uint64_t lower[kRoom];
  HWY_ALIGN_MAX uint32_t square[kRoom];   // four pixels of one channel
  HWY_ALIGN_MAX uint32_t fetched[kRoom];  // a pixel's channels
  HWY_ALIGN_MAX uint8_t bytes[kRoom];     // the same of one channel, and of `inside`
  HWY_ALIGN_MAX uint8_t inside_bytes[kRoom];
  HWY_ALIGN_MAX uint8_t out[3][kRoom];
};

// a x + b y, as a matrix product sums it.
template <bool kFused>
VF Sum(VF a, VF x, VF b, VF y) {
  if constexpr (kFused) return hn::MulAdd(b, y, hn::Mul(a, x));
  return hn::Add(hn::Mul(a, x), hn::Mul(b, y));
}

template <bool kFused, bool kPerspective>
void LinearPlaces(const WarpPlaces& places, int64_t row, int64_t column, int64_t n, Chunk& chunk) {
  const DF d;
  const auto y = hn::Set(d, places.y[row]), one = hn::Set(d, 1.0f);
  const auto m = [&](int i) { return hn::Set(d, places.m[i]); };
  const auto m0 = m(0), m1 = m(1), m2 = m(2), m3 = m(3), m4 = m(4), m5 = m(5), m6 = m(6), m7 = m(7);
  for (int64_t i = 0; i < n; i += static_cast<int64_t>(hn::Lanes(d))) {
    const auto x = hn::LoadU(d, places.x + column + i);
    auto to_x = hn::Add(Sum<kFused>(m0, x, m1, y), m2);
    auto to_y = hn::Add(Sum<kFused>(m3, x, m4, y), m5);
    if constexpr (kPerspective) {
      const auto below = hn::Add(Sum<kFused>(m6, x, m7, y), one);
      to_x = hn::Sub(hn::Div(to_x, below), one);
      to_y = hn::Sub(hn::Div(to_y, below), one);
    }
    hn::Store(to_x, d, chunk.x + i);
    hn::Store(to_y, d, chunk.y + i);
  }
}

void DisplacedPlaces(const WarpPlaces& places, int64_t row, int64_t column, int64_t n, Chunk& chunk) {
  const float* dx = places.dx + row * places.row + column * places.step;
  const float* dy = places.dy + row * places.row + column * places.step;
  const float* x = places.x + column;
  const float y = places.y[row];
  int64_t done = 0;
  if (places.step == 1) {
    for (; done < n; ++done) chunk.x[done] = x[done] + dx[done], chunk.y[done] = y + dy[done];
  } else if (places.step == 2 && dy == dx + 1) {
    const DF d;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    const auto rows = hn::Set(d, y);
    for (; done + lanes <= n; done += lanes) {
      VF by_x, by_y;
      hn::LoadInterleaved2(d, dx + 2 * done, by_x, by_y);
      hn::Store(hn::Add(hn::LoadU(d, x + done), by_x), d, chunk.x + done);
      hn::Store(hn::Add(rows, by_y), d, chunk.y + done);
    }
  }
  for (int64_t i = done; i < n; ++i) chunk.x[i] = x[i] + dx[i * places.step], chunk.y[i] = y + dy[i * places.step];
  // The rest of the last vector.
  for (int64_t i = n; i % static_cast<int64_t>(hn::Lanes(DF())) != 0; ++i) chunk.x[i] = chunk.y[i] = 0;
}

void FindPlaces(const WarpPlaces& places, int64_t row, int64_t column, int64_t n, Chunk& chunk) {
  const bool perspective = places.kind == WarpPlaces::Kind::Perspective;
  if (places.kind == WarpPlaces::Kind::Displaced) return DisplacedPlaces(places, row, column, n, chunk);
  if (places.fused) {
    return perspective ? LinearPlaces<true, true>(places, row, column, n, chunk)
                       : LinearPlaces<true, false>(places, row, column, n, chunk);
  }
  return perspective ? LinearPlaces<false, true>(places, row, column, n, chunk)
                     : LinearPlaces<false, false>(places, row, column, n, chunk);
}

// Grid coordinates to pixels.
VF Pixels(VF place, float half_size, bool fused) {
  const DF d;
  const auto from_edge = hn::Add(place, hn::Set(d, 1.0f));
  const auto size = hn::Set(d, half_size), half = hn::Set(d, 0.5f);
  return fused ? hn::MulSub(from_edge, size, half) : hn::Sub(hn::Mul(from_edge, size), half);
}

// One axis of bilinear: the pixel `at` and its neighbour behind, both within the picture, and their weights. At the borders the
// pair is moved by one and the weights with it; zeros in other places do not change a sum.
struct Axis {
  VI at;
  VF first, second;
  hn::Mask<DF> broken;  // a place that is no number, or not finite: torch blends that to no number
};
Axis Locate(VF pixels, int64_t size) {
  const DF d;
  const DI di;
  const auto floor = hn::Floor(pixels);
  const auto behind = hn::Sub(pixels, floor), before = hn::Sub(hn::Set(d, 1.0f), behind);
  // As floats: so far out that they are no integers, both weights are zero.
  const auto end = hn::Set(d, static_cast<float>(size - 1));
  const auto minus_one = hn::Set(d, -1.0f), zero = hn::Zero(d);
  const auto within = hn::And(hn::Ge(floor, zero), hn::Lt(floor, end));
  const auto at_start = hn::Eq(floor, minus_one), at_end = hn::Eq(floor, end);
  const auto first = hn::IfThenElse(within, before, hn::IfThenElseZero(at_start, behind));
  const auto second = hn::IfThenElse(within, behind, hn::IfThenElseZero(at_end, before));
  // Not a number is not above 0, hence the order.
  const auto most = hn::Set(d, static_cast<float>(size - 2));
  const auto above = hn::IfThenElseZero(hn::Gt(floor, zero), floor);
  const auto clamped = hn::IfThenElse(hn::Lt(above, most), above, most);
  return {hn::ConvertTo(di, clamped), first, second, hn::IsNaN(behind)};
}

template <int kChannels, bool kFill>
void LocateChunk(const WarpPictures& p, int64_t n, Chunk& chunk) {
  const DF d;
  const DI di;
  const float half_width = static_cast<float>(p.source_width) / 2, half_height = static_cast<float>(p.source_height) / 2;
  const auto row = hn::Set(di, static_cast<int32_t>(p.source_row));
  for (int64_t i = 0; i < n; i += static_cast<int64_t>(hn::Lanes(d))) {
    const auto x = Locate(Pixels(hn::Load(d, chunk.x + i), half_width, p.fused), p.source_width);
    const auto y = Locate(Pixels(hn::Load(d, chunk.y + i), half_height, p.fused), p.source_height);
    auto offset = x.at;
    if constexpr (kChannels == 3) offset = hn::Add(offset, hn::Add(offset, offset));
    hn::Store(hn::Add(offset, hn::Mul(y.at, row)), di, chunk.offset + i);
    const auto nw = hn::Mul(y.first, x.first), ne = hn::Mul(y.first, x.second);
    const auto sw = hn::Mul(y.second, x.first), se = hn::Mul(y.second, x.second);
    hn::Store(nw, d, chunk.nw + i);
    hn::Store(ne, d, chunk.ne + i);
    hn::Store(sw, d, chunk.sw + i);
    hn::Store(se, d, chunk.se + i);
    if constexpr (kFill) {
      auto inside = hn::Add(hn::Add(hn::Add(nw, ne), sw), se);
      inside = hn::IfThenElse(hn::Or(x.broken, y.broken), hn::NaN(d), inside);
      hn::Store(inside, d, chunk.inside + i);
    }
  }
}

VF Byte(VU bytes, int which) {
  const DF d;
  const DI di;
  const DU du;
  const auto shifted = which == 0   ? bytes
                       : which == 1 ? hn::ShiftRight<8>(bytes)
                       : which == 2 ? hn::ShiftRight<16>(bytes)
                                    : hn::ShiftRight<24>(bytes);
  const auto byte = which == 3 ? shifted : hn::And(shifted, hn::Set(du, 255));
  return hn::ConvertTo(d, hn::BitCast(di, byte));
}

template <bool kFill, bool kFused>
void BlendTo(VF nw, VF ne, VF sw, VF se, const Chunk& chunk, int64_t i, float fill, uint8_t* out) {
  const DF d;
  const hn::Rebind<uint8_t, DF> d8;
  auto sum = hn::Mul(nw, hn::Load(d, chunk.nw + i));
  const auto add = [&](VF pixel, const float* weight) {
    const auto w = hn::Load(d, weight + i);
    sum = kFused ? hn::MulAdd(pixel, w, sum) : hn::Add(sum, hn::Mul(pixel, w));
  };
  add(ne, chunk.ne);
  add(sw, chunk.sw);
  add(se, chunk.se);
  if constexpr (kFill) {
    const auto colour = hn::Set(d, fill);
    sum = hn::Add(hn::Mul(hn::Sub(sum, colour), hn::Load(d, chunk.inside + i)), colour);
    sum = hn::IfThenZeroElse(hn::IsNaN(sum), sum);
  }
  hn::StoreU(hn::DemoteTo(d8, hn::NearestInt(sum)), d8, out + i);
}

template <bool kFill, bool kFused>
void BilinearPlane(const WarpPictures& p, const uint8_t* source, const float* fill, int64_t n, uint8_t* target, Chunk& chunk) {
  const DU du;
  for (int64_t i = 0; i < n; ++i) {
    uint16_t upper, lower;
    std::memcpy(&upper, source + chunk.offset[i], 2);
    std::memcpy(&lower, source + chunk.offset[i] + p.source_row, 2);
    chunk.square[i] = upper | static_cast<uint32_t>(lower) << 16;
  }
  for (int64_t i = 0; i < n; i += static_cast<int64_t>(hn::Lanes(du))) {
    const auto square = hn::Load(du, chunk.square + i);
    BlendTo<kFill, kFused>(Byte(square, 0), Byte(square, 1), Byte(square, 2), Byte(square, 3), chunk, i, kFill ? *fill : 0,
                           chunk.out[0]);
  }
  std::memcpy(target, chunk.out[0], static_cast<size_t>(n));
}

template <bool kFill, bool kFused>
void BilinearPixels(const WarpPictures& p, const uint8_t* source, const float* fill, int64_t n, uint8_t* target, Chunk& chunk) {
  const auto fill_of = [fill](int64_t channel) { return kFill ? fill[channel] : 0; };
  const DU du;
  // The last eight bytes of the picture, from where a pair at its very end is taken.
  const int64_t end = (p.source_height - 1) * p.source_row + 3 * p.source_width - 8;
  const auto pair = [&](int64_t offset) {
    uint64_t bytes;
    if (offset <= end) [[likely]] {
      std::memcpy(&bytes, source + offset, 8);
      return bytes;
    }
    bytes = 0;
    std::memcpy(&bytes, source + offset, 6);
    return bytes;
  };
  for (int64_t i = 0; i < n; ++i) {
    chunk.upper[i] = pair(chunk.offset[i]);
    chunk.lower[i] = pair(chunk.offset[i] + p.source_row);
  }
  for (int64_t i = 0; i < n; i += static_cast<int64_t>(hn::Lanes(du))) {
    VU u0, u1, l0, l1;  // r g b r', g' b'
    hn::LoadInterleaved2(du, reinterpret_cast<const uint32_t*>(chunk.upper + i), u0, u1);
    hn::LoadInterleaved2(du, reinterpret_cast<const uint32_t*>(chunk.lower + i), l0, l1);
    BlendTo<kFill, kFused>(Byte(u0, 0), Byte(u0, 3), Byte(l0, 0), Byte(l0, 3), chunk, i, fill_of(0), chunk.out[0]);
    BlendTo<kFill, kFused>(Byte(u0, 1), Byte(u1, 0), Byte(l0, 1), Byte(l1, 0), chunk, i, fill_of(1), chunk.out[1]);
    BlendTo<kFill, kFused>(Byte(u0, 2), Byte(u1, 1), Byte(l0, 2), Byte(l1, 1), chunk, i, fill_of(2), chunk.out[2]);
  }
  for (int64_t c = 0; c < 3; ++c) std::memcpy(target + c * p.target_plane, chunk.out[c], static_cast<size_t>(n));
}

template <int kChannels, bool kFill, bool kFused>
void Bilinear(const WarpPlaces& places, const WarpPictures& p, int64_t first, int64_t last) {
  Chunk chunk;
  std::memset(&chunk, 0, sizeof(chunk));  // the rest of the last vectors is computed too
  // In strips, so that the next row finds its pixels in the nearest cache, however the picture is turned.
  for (int64_t column = 0; column < p.target_width; column += kChunk) {
    const int64_t n = std::min(kChunk, p.target_width - column);
    for (int64_t row = first; row < last; ++row) {
      FindPlaces(places, row, column, n, chunk);
      LocateChunk<kChannels, kFill>(p, n, chunk);
      for (int64_t picture = 0; picture < p.count; ++picture) {
        const uint8_t* source = p.source + picture * p.source_picture;
        uint8_t* target = p.target + picture * p.target_picture + row * p.target_row + column;
        const float* fill = kFill ? p.fill + kChannels * picture : nullptr;
        if constexpr (kChannels == 3) {
          BilinearPixels<kFill, kFused>(p, source, fill, n, target, chunk);
        } else {
          BilinearPlane<kFill, kFused>(p, source, fill, n, target, chunk);
        }
      }
    }
  }
}

struct Nearests {
  int32_t largest;  // offset
  bool all_inside, none_inside;
};

// Offsets of the nearest pixels, and whether they are outside: then that of some pixel. kFloats: a picture is so small that
// floats hold its offsets, which need no conversion and no product of integers.
template <int kChannels, bool kFloats>
Nearests LocateNearest(const WarpPictures& p, int64_t n, Chunk& chunk) {
  const DF d;
  const DI di;
  const DU du;
  const hn::Rebind<uint8_t, DU> d8;
  const float half_width = static_cast<float>(p.source_width) / 2, half_height = static_cast<float>(p.source_height) / 2;
  const auto row = hn::Set(di, static_cast<int32_t>(p.source_row));
  const auto row_as_float = hn::Set(d, static_cast<float>(p.source_row)), pixel = hn::Set(d, static_cast<float>(kChannels));
  const auto within = [&](VF at, int64_t size) HWY_ATTR {  // false for what is no number
    return hn::And(hn::Ge(at, hn::Zero(d)), hn::Lt(at, hn::Set(d, static_cast<float>(size))));
  };
  auto largest = hn::Zero(di);
  auto all = hn::Eq(hn::Zero(d), hn::Zero(d)), any = hn::Not(all);
  for (int64_t i = 0; i < n; i += static_cast<int64_t>(hn::Lanes(d))) {
    auto x = hn::Round(Pixels(hn::Load(d, chunk.x + i), half_width, p.fused));
    const auto y = hn::Round(Pixels(hn::Load(d, chunk.y + i), half_height, p.fused));
    const auto inside = hn::And(within(x, p.source_width), within(y, p.source_height));
    auto offset = hn::Zero(di);
    if constexpr (kFloats) {
      if constexpr (kChannels != 1) x = hn::Mul(x, pixel);
      // Above 2^23 the last bits of a float are the integer.
      const auto bits = hn::BitCast(di, hn::MulAdd(y, row_as_float, hn::Add(x, hn::Set(d, 0x1p23f))));
      offset = hn::IfThenElseZero(hn::RebindMask(di, inside), hn::Sub(bits, hn::BitCast(di, hn::Set(d, 0x1p23f))));
    } else {
      offset = hn::ConvertTo(di, hn::IfThenElseZero(inside, x));
      if constexpr (kChannels == 3) offset = hn::Add(offset, hn::Add(offset, offset));
      offset = hn::Add(offset, hn::Mul(hn::ConvertTo(di, hn::IfThenElseZero(inside, y)), row));
    }
    hn::Store(offset, di, chunk.offset + i);
    const auto shown = hn::VecFromMask(d, inside);
    if constexpr (kChannels == 1) {
      hn::StoreU(hn::TruncateTo(d8, hn::BitCast(du, shown)), d8, chunk.inside_bytes + i);
    } else {
      largest = hn::Max(largest, offset);
      hn::Store(shown, d, chunk.inside + i);
    }
    all = hn::And(all, inside);
    any = hn::Or(any, inside);
  }
  return {kChannels == 1 ? 0 : hn::GetLane(hn::MaxOfLanes(di, largest)), hn::AllTrue(d, all), hn::AllFalse(d, any)};
}

// one(i) for i below n, eight in a turn: a turn of the loop costs as much as a pixel.
template <class One>
HWY_INLINE void InEights(int64_t n, const One& one) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    one(i), one(i + 1), one(i + 2), one(i + 3), one(i + 4), one(i + 5), one(i + 6), one(i + 7);
  }
  for (; i < n; ++i) one(i);
}

void FetchBytes(const uint8_t* source, int64_t n, const int32_t* offset, uint8_t* to) {
  InEights(n, [=](int64_t i) HWY_ATTR { to[i] = source[offset[i]]; });
}

// Pixels of three bytes as four, the last of which is another's: the picture's last pixel, if it is among them, has none behind
// it.
void FetchPixels(const uint8_t* source, int64_t n, bool has_last, int64_t last, Chunk& chunk) {
  const int32_t* const offset = chunk.offset;
  if (!has_last) {
    InEights(n, [source, offset, to = chunk.fetched](int64_t i) HWY_ATTR { std::memcpy(to + i, source + offset[i], 4); });
  } else {
    for (int64_t i = 0; i < n; ++i) std::memcpy(chunk.fetched + i, source + offset[i], offset[i] < last ? 4 : 3);
  }
}

// Calls some(i, to), which writes so many bytes, for each vector of the n; the last has its place in the chunk first.
template <class Some>
HWY_INLINE void InVectors(int64_t n, int64_t lanes, uint8_t* target, Chunk& chunk, const Some& some) {
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) some(i, target + i);
  if (i == n) return;
  some(i, chunk.out[0]);
  std::memcpy(target + i, chunk.out[0], static_cast<size_t>(n - i));
}

// What was fetched of one channel, where some is inside and some not.
void StoreNearestBytes(int64_t n, uint8_t outside, uint8_t* target, Chunk& chunk) {
  const hn::ScalableTag<uint8_t> d;
  const auto colour = hn::Set(d, outside);
  const auto some = [&](int64_t i, uint8_t* to) HWY_ATTR {
    const auto inside = hn::MaskFromVec(hn::Load(d, chunk.inside_bytes + i));
    hn::StoreU(hn::IfThenElse(inside, hn::Load(d, chunk.bytes + i), colour), d, to);
  };
  InVectors(n, static_cast<int64_t>(hn::Lanes(d)), target, chunk, some);
}

// The channel that lies so many bits up in what was fetched.
template <int kBits>
void StoreNearest(int64_t n, uint8_t outside, uint8_t* target, Chunk& chunk) {
  const DU du;
  const hn::Rebind<uint8_t, DU> d8;
  const auto colour = hn::Set(du, outside);
  const auto some = [&](int64_t i, uint8_t* to) HWY_ATTR {
    const auto pixels = hn::ShiftRight<kBits>(hn::Load(du, chunk.fetched + i));
    const auto inside = hn::MaskFromVec(hn::BitCast(du, hn::Load(DF(), chunk.inside + i)));
    hn::StoreU(hn::TruncateTo(d8, hn::IfThenElse(inside, pixels, colour)), d8, to);
  };
  InVectors(n, static_cast<int64_t>(hn::Lanes(du)), target, chunk, some);
}

template <int kChannels, bool kFloats>
void Nearest(const WarpPlaces& places, const WarpPictures& p, int64_t first, int64_t last) {
  Chunk chunk;
  std::memset(&chunk, 0, sizeof(chunk));  // the rest of the last vectors is computed too
  const int64_t last_pixel = (p.source_height - 1) * p.source_row + kChannels * (p.source_width - 1);
  const auto some = [&](int64_t row, int64_t column, int64_t n) HWY_ATTR {
    FindPlaces(places, row, column, n, chunk);
    const auto found = LocateNearest<kChannels, kFloats>(p, n, chunk);
    for (int64_t picture = 0; picture < p.count; ++picture) {
      const uint8_t* const source = p.source + picture * p.source_picture;
      uint8_t* target = p.target + picture * p.target_picture + row * p.target_row + column;
      const auto outside = [&](int64_t c) {
        return p.fill ? static_cast<uint8_t>(p.fill[kChannels * picture + c]) : uint8_t{0};
      };
      if (found.none_inside) {
        for (int64_t c = 0; c < kChannels; ++c) std::memset(target + c * p.target_plane, outside(c), static_cast<size_t>(n));
      } else if constexpr (kChannels == 3) {
        FetchPixels(source, n, found.largest >= last_pixel, last_pixel, chunk);
        StoreNearest<0>(n, outside(0), target, chunk);
        StoreNearest<8>(n, outside(1), target + p.target_plane, chunk);
        StoreNearest<16>(n, outside(2), target + 2 * p.target_plane, chunk);
      } else if (found.all_inside) {
        FetchBytes(source, n, chunk.offset, target);
      } else {
        FetchBytes(source, n, chunk.offset, chunk.bytes);
        StoreNearestBytes(n, outside(0), target, chunk);
      }
    }
  };
  // In strips, so that the next row finds its pixels in the nearest cache, however the picture is turned.
  for (int64_t column = 0; column < p.target_width; column += kChunk) {
    const int64_t n = std::min(kChunk, p.target_width - column);
    for (int64_t row = first; row < last; ++row) some(row, column, n);
  }
}

template <int kChannels>
void NearestRows(const WarpPlaces& places, const WarpPictures& p, int64_t first, int64_t last) {
  // Not the picture's size: rows may overlap.
  const auto last_pixel = (p.source_height - 1) * p.source_row + kChannels * (p.source_width - 1);
  return last_pixel < int64_t{1} << 23 ? Nearest<kChannels, true>(places, p, first, last)
                                       : Nearest<kChannels, false>(places, p, first, last);
}

void WarpNearest(const WarpPlaces& places, const WarpPictures& pictures, int64_t first, int64_t last) {
  return pictures.channels == 3 ? NearestRows<3>(places, pictures, first, last) : NearestRows<1>(places, pictures, first, last);
}

template <int kChannels, bool kFill>
void BilinearRows(const WarpPlaces& places, const WarpPictures& p, int64_t first, int64_t last) {
  return p.fused ? Bilinear<kChannels, kFill, true>(places, p, first, last)
                 : Bilinear<kChannels, kFill, false>(places, p, first, last);
}

void WarpBilinear(const WarpPlaces& places, const WarpPictures& p, int64_t first, int64_t last) {
  if (p.channels == 3) {
    return p.fill ? BilinearRows<3, true>(places, p, first, last) : BilinearRows<3, false>(places, p, first, last);
  }
  return p.fill ? BilinearRows<1, true>(places, p, first, last) : BilinearRows<1, false>(places, p, first, last);
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(WarpNearest);
HWY_EXPORT(WarpBilinear);

void warp_nearest(const WarpPlaces& places, const WarpPictures& pictures, int64_t first, int64_t last) {
  HWY_DYNAMIC_DISPATCH(WarpNearest)(places, pictures, first, last);
}

void warp_bilinear(const WarpPlaces& places, const WarpPictures& pictures, int64_t first, int64_t last) {
  HWY_DYNAMIC_DISPATCH(WarpBilinear)(places, pictures, first, last);
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
