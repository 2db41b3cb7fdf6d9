// What the kernels of colour share. Included once for each instruction set, after highway.h.
#if defined(OPSIS_SIMD_RGB_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OPSIS_SIMD_RGB_INL_H
#undef OPSIS_SIMD_RGB_INL_H
#else
#define OPSIS_SIMD_RGB_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "opsis/simd/rgb.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using I32 = hn::RebindToSigned<F32>;
using U8Quarter = hn::Rebind<uint8_t, F32>;  // as many bytes as there are floats

// A multiple of every vector's bytes; what is left over is padded to it.
constexpr int64_t kStep = 64;
constexpr int64_t kBlock = 512;  // pixels that are taken apart at once, and stay in the nearest cache

inline int64_t RoundUp(int64_t count) { return (count + kStep - 1) / kStep * kStep; }

HWY_INLINE hn::Vec<F32> LoadFloats(const uint8_t* bytes) {
  return hn::ConvertTo(F32(), hn::PromoteTo(I32(), hn::LoadU(U8Quarter(), bytes)));
}

// Floats in [0, 256), cut to bytes.
HWY_INLINE void StoreTruncated(hn::Vec<F32> v, uint8_t* bytes) {
  hn::StoreU(hn::DemoteTo(U8Quarter(), hn::ConvertTo(I32(), v)), U8Quarter(), bytes);
}

HWY_INLINE hn::Vec<F32> Clamped(hn::Vec<F32> v, float low, float high) {
  return hn::Min(hn::Max(v, hn::Set(F32(), low)), hn::Set(F32(), high));
}

// a * b + c, rounded once, as LibTorch computes sums with a factor. Without such an instruction in doubles: there the product
// of two floats is exact.
HWY_INLINE hn::Vec<F32> FusedMulAdd(hn::Vec<F32> a, hn::Vec<F32> b, hn::Vec<F32> c) {
#if HWY_TARGET == HWY_SCALAR  // whose MulAdd rounds twice
  return hn::Set(F32(), std::fma(hn::GetLane(a), hn::GetLane(b), hn::GetLane(c)));
#elif HWY_NATIVE_FMA
  return hn::MulAdd(a, b, c);
#else
  const hn::Half<F32> half;
  const hn::Rebind<double, decltype(half)> doubles;
  const auto one_half = [&](auto x, auto y, auto z) HWY_ATTR {
    return hn::DemoteTo(half, hn::MulAdd(hn::PromoteTo(doubles, x), hn::PromoteTo(doubles, y), hn::PromoteTo(doubles, z)));
  };
  const auto lower = one_half(hn::LowerHalf(half, a), hn::LowerHalf(half, b), hn::LowerHalf(half, c));
  const auto upper = one_half(hn::UpperHalf(half, a), hn::UpperHalf(half, b), hn::UpperHalf(half, c));
  return hn::Combine(F32(), upper, lower);
#endif
}

// The luma of BT.601 in torchvision's order of operations.
HWY_INLINE hn::Vec<F32> Luma(hn::Vec<F32> r, hn::Vec<F32> g, hn::Vec<F32> b) {
  const auto red = hn::Mul(r, hn::Set(F32(), 0.2989f));
  return FusedMulAdd(b, hn::Set(F32(), 0.114f), FusedMulAdd(g, hn::Set(F32(), 0.587f), red));
}

HWY_INLINE void Deinterleave(const uint8_t* pixels, int64_t count, uint8_t* r, uint8_t* g, uint8_t* b) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::Vec<decltype(d)> x, y, z;
    hn::LoadInterleaved3(d, pixels + 3 * i, x, y, z);
    hn::StoreU(x, d, r + i);
    hn::StoreU(y, d, g + i);
    hn::StoreU(z, d, b + i);
  }
  for (; i < count; ++i) {
    r[i] = pixels[3 * i];
    g[i] = pixels[3 * i + 1];
    b[i] = pixels[3 * i + 2];
  }
}

HWY_INLINE void Interleave(const uint8_t* r, const uint8_t* g, const uint8_t* b, int64_t count, uint8_t* pixels) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreInterleaved3(hn::LoadU(d, r + i), hn::LoadU(d, g + i), hn::LoadU(d, b + i), d, pixels + 3 * i);
  }
  for (; i < count; ++i) {
    pixels[3 * i] = r[i];
    pixels[3 * i + 1] = g[i];
    pixels[3 * i + 2] = b[i];
  }
}

#if HWY_TARGET != HWY_SCALAR  // whose vectors hold no pixel

// Four vectors of floats in [0, 256), cut to one of bytes.
class FourToBytes {
 public:
  HWY_INLINE FourToBytes() : table0_(Place(0)), table1_(Place(1)), table2_(Place(2)), table3_(Place(3)), order_(Order()) {}

  HWY_INLINE void Store(hn::Vec<F32> v0, hn::Vec<F32> v1, hn::Vec<F32> v2, hn::Vec<F32> v3, uint8_t* out) const {
    const auto placed = [](hn::Vec<F32> v, hn::Vec<Byte> table)
                            HWY_ATTR { return hn::TableLookupBytesOr0(hn::BitCast(Byte(), hn::ConvertTo(I32(), v)), table); };
    const auto bytes =
        hn::Or(hn::Or(placed(v0, table0_), placed(v1, table1_)), hn::Or(placed(v2, table2_), placed(v3, table3_)));
    hn::StoreU(hn::BitCast(Byte(), hn::TableLookupLanes(hn::BitCast(Quad(), bytes), order_)), Byte(), out);
  }

 private:
  using Byte = hn::Repartition<uint8_t, F32>;
  using Quad = hn::Repartition<uint32_t, F32>;
  using Indices = decltype(hn::SetTableIndices(Quad(), static_cast<const int32_t*>(nullptr)));

  // Of each block of 16 bytes, the lowest of each lane to the vector's own four.
  static HWY_INLINE hn::Vec<Byte> Place(int vector) {
    alignas(16) uint8_t table[16];
    for (int i = 0; i < 16; ++i) table[i] = static_cast<uint8_t>(i / 4 == vector ? i % 4 * 4 : 0x80);
    return hn::LoadDup128(Byte(), table);
  }
  static HWY_INLINE Indices Order() {
    alignas(64) int32_t table[HWY_MAX_BYTES / 4];
    const auto lanes = static_cast<int32_t>(hn::Lanes(Quad())), blocks = lanes / 4;
    for (int32_t i = 0; i < lanes; ++i) table[i] = i % blocks * 4 + i / blocks;
    return hn::SetTableIndices(Quad(), table);
  }

  hn::Vec<Byte> table0_, table1_, table2_, table3_;
  Indices order_;
};

// Pixels that are one after the other, as many at once as vectors have floats: in the channels' lanes, without a detour by memory.
// Reads and writes a third more than they are, which must be within the picture.
class PixelLanes {
 public:
  struct Channels {
    hn::Vec<F32> r, g, b;
  };

  HWY_INLINE PixelLanes()
      : r_(Spread(0)), g_(Spread(1)), b_(Spread(2)), joined_(Joined()), apart_(Quads(true)), together_(Quads(false)) {}

  // Whether pixels can be read and written from here on, of so many.
  static HWY_INLINE bool Fit(int64_t first, int64_t count) {
    return 3 * first + 4 * static_cast<int64_t>(hn::Lanes(F32())) <= 3 * count;
  }

  HWY_INLINE Channels Load(const uint8_t* pixels) const {
    const auto four = hn::TableLookupLanes(hn::BitCast(Quad(), hn::LoadU(Byte(), pixels)), apart_);
    const auto channel = [&](hn::Vec<Byte> table) HWY_ATTR {
      return hn::ConvertTo(F32(), hn::BitCast(I32(), hn::TableLookupBytesOr0(hn::BitCast(Byte(), four), table)));
    };
    return {channel(r_), channel(g_), channel(b_)};
  }

  // Floats in [0, 256), cut to bytes.
  HWY_INLINE void Store(const Channels& channels, uint8_t* pixels) const {
    const auto cut = [](hn::Vec<F32> v) HWY_ATTR { return hn::BitCast(Quad(), hn::ConvertTo(I32(), v)); };
    const auto one = hn::Or(cut(channels.r), hn::Or(hn::ShiftLeft<8>(cut(channels.g)), hn::ShiftLeft<16>(cut(channels.b))));
    const auto four = hn::BitCast(Quad(), hn::TableLookupBytesOr0(hn::BitCast(Byte(), one), joined_));
    hn::StoreU(hn::BitCast(Byte(), hn::TableLookupLanes(four, together_)), Byte(), pixels);
  }

 private:
  using Byte = hn::Repartition<uint8_t, F32>;
  using Quad = hn::Repartition<uint32_t, F32>;
  using Indices = decltype(hn::SetTableIndices(Quad(), static_cast<const int32_t*>(nullptr)));

  // Of blocks of 16 bytes, the first 12 are pixels. A channel of each becomes a lane, or the first three bytes of lanes pixels.
  static HWY_INLINE hn::Vec<Byte> Spread(int channel) {
    alignas(16) uint8_t table[16];
    for (int i = 0; i < 16; ++i) table[i] = static_cast<uint8_t>(i % 4 == 0 ? i / 4 * 3 + channel : 0x80);
    return hn::LoadDup128(Byte(), table);
  }
  static HWY_INLINE hn::Vec<Byte> Joined() {
    alignas(16) uint8_t table[16];
    for (int i = 0; i < 16; ++i) table[i] = static_cast<uint8_t>(i < 12 ? i / 3 * 4 + i % 3 : 0x80);
    return hn::LoadDup128(Byte(), table);
  }
  // Three of four bytes each to a block, or back.
  static HWY_INLINE Indices Quads(bool apart) {
    alignas(64) int32_t table[HWY_MAX_BYTES / 4];
    const auto lanes = static_cast<int32_t>(hn::Lanes(Quad()));
    for (int32_t i = 0; i < lanes; ++i) {
      table[i] = apart ? i / 4 * 3 + std::min(i % 4, 2) : std::min(i / 3 * 4 + i % 3, lanes - 1);
    }
    return hn::SetTableIndices(Quad(), table);
  }

  hn::Vec<Byte> r_, g_, b_, joined_;
  Indices apart_, together_;
};

#endif

// A few pixels in planes of their own, padded with 0 to whole steps.
class Block {
 public:
  void Load(const Rgb& in, int64_t count) {
    for (auto* plane : {r, g, b}) std::memset(plane + count, 0, static_cast<size_t>(RoundUp(count) - count));
    if (in.interleaved) {
      Deinterleave(in.r, count, r, g, b);
    } else {
      std::memcpy(r, in.r, static_cast<size_t>(count));
      std::memcpy(g, in.g, static_cast<size_t>(count));
      std::memcpy(b, in.b, static_cast<size_t>(count));
    }
  }
  void Store(const RgbOut& out, int64_t count) const {
    if (out.interleaved) {
      Interleave(r, g, b, count, out.r);
    } else {
      std::memcpy(out.r, r, static_cast<size_t>(count));
      std::memcpy(out.g, g, static_cast<size_t>(count));
      std::memcpy(out.b, b, static_cast<size_t>(count));
    }
  }
  alignas(64) uint8_t r[kBlock], g[kBlock], b[kBlock];
};

// kernel(r, g, b, count, out_r, out_g, out_b) on planes, whole steps at a time.
template <class Kernel>
HWY_INLINE void ForRgb(const Rgb& in, const RgbOut& out, int64_t count, const Kernel& kernel) {
  int64_t first = 0;
  if (!in.interleaved && !out.interleaved) {
    first = count / kStep * kStep;
    if (first > 0) kernel(in.r, in.g, in.b, first, out.r, out.g, out.b);
  }
  Block from, to;
  for (; first < count; first += kBlock) {
    const auto some = std::min(kBlock, count - first);
    from.Load(in.from(first), some);
    kernel(from.r, from.g, from.b, RoundUp(some), to.r, to.g, to.b);
    to.Store(out.from(first), some);
  }
}

// kernel(r, g, b, count, out) on planes, whole steps at a time.
template <class T, class Kernel>
HWY_INLINE void ForRgbToOne(const Rgb& in, T* out, int64_t count, const Kernel& kernel) {
  int64_t first = 0;
  if (!in.interleaved) {
    first = count / kStep * kStep;
    if (first > 0) kernel(in.r, in.g, in.b, first, out);
  }
  Block from;
  alignas(64) T to[kStep];
  for (; first < count; first += kBlock) {
    const auto some = std::min(kBlock, count - first);
    const auto whole = some / kStep * kStep;
    from.Load(in.from(first), some);
    if (whole > 0) kernel(from.r, from.g, from.b, whole, out + first);
    if (whole < some) {
      kernel(from.r + whole, from.g + whole, from.b + whole, kStep, to);
      std::memcpy(out + first + whole, to, static_cast<size_t>(some - whole) * sizeof(T));
    }
  }
}

}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // OPSIS_SIMD_RGB_INL_H
