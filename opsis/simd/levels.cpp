#include "opsis/simd/levels.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/levels.cpp"
#define HWY_WANT_AVX3_DL  // it looks up 128 bytes at once
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/rgb-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

using U8 = hn::ScalableTag<uint8_t>;

// A table of 256 bytes, held where vectors can look it up.
class Table {
 public:
#if HWY_TARGET <= HWY_AVX3_DL
  explicit HWY_INLINE Table(const uint8_t* levels)
      : t0_(_mm512_loadu_si512(levels)),
        t1_(_mm512_loadu_si512(levels + 64)),
        t2_(_mm512_loadu_si512(levels + 128)),
        t3_(_mm512_loadu_si512(levels + 192)) {}
  HWY_INLINE hn::Vec<U8> operator[](hn::Vec<U8> v) const {
    const auto lower = _mm512_permutex2var_epi8(t0_, v.raw, t1_), upper = _mm512_permutex2var_epi8(t2_, v.raw, t3_);
    return hn::Vec<U8>{_mm512_mask_blend_epi8(_mm512_movepi8_mask(v.raw), lower, upper)};
  }

 private:
  __m512i t0_, t1_, t2_, t3_;
#else
  explicit HWY_INLINE Table(const uint8_t* levels) : levels_(levels) {}
  // By sixteen tables of 16: a level that is not of a table has its index made larger than 127, which gives 0.
  HWY_INLINE hn::Vec<U8> operator[](hn::Vec<U8> v) const {
    const U8 d;
#if HWY_TARGET == HWY_SCALAR
    return hn::Set(d, levels_[hn::GetLane(v)]);
#else
    auto out = hn::Zero(d);
    const auto beyond = hn::Set(d, 0x70);
    for (int64_t k = 0; k < 16; ++k) {
      auto index = hn::SaturatedAdd(hn::Xor(v, hn::Set(d, static_cast<uint8_t>(16 * k))), beyond);
#if !HWY_ARCH_X86 || HWY_TARGET == HWY_EMU128
      index = hn::And(index, hn::Set(d, 0x8F));  // x86 looks at these bits only
#endif
      out = hn::Or(out, hn::TableLookupBytesOr0(hn::LoadDup128(d, levels_ + 16 * k), index));
    }
    return out;
#endif
  }

 private:
  const uint8_t* levels_;
#endif
};

// map(vector) of all bytes, and one(level) of what is left of them.
template <class Map, class One>
HWY_INLINE void MapEach(const uint8_t* in, int64_t count, const Map& map, const One& one, uint8_t* out) {
  const U8 d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(map(hn::LoadU(d, in + i)), d, out + i);
  for (; i < count; ++i) out[i] = one(in[i]);
}

void MapLevels(const uint8_t* in, int64_t count, const Levels& levels, uint8_t* out) {
  const auto one = [&](uint8_t level) { return levels[level]; };
  // Tables that only drop bits or turn them over, as those of invert and posterize, need not be looked at.
  const uint8_t kept = levels[0] ^ levels[255], turned = levels[0];
  bool by_bits = true;
  for (size_t i = 0; i < levels.size(); ++i) by_bits &= levels[i] == ((i & kept) ^ turned);
  if (by_bits) {
    const auto keep = hn::Set(U8(), kept), turn = hn::Set(U8(), turned);
    const auto map = [=](hn::Vec<U8> v) HWY_ATTR { return hn::Xor(hn::And(v, keep), turn); };
    return MapEach(in, count, map, one, out);
  }
  alignas(64) Levels aligned = levels;
  const Table table(aligned.data());
  MapEach(
      in, count, [&](hn::Vec<U8> v) HWY_ATTR { return table[v]; }, one, out);
}

void MapLevels3(const Rgb& in, int64_t count, const std::array<Levels, 3>& levels, const RgbOut& out) {
  alignas(64) std::array<Levels, 3> aligned = levels;
  ForRgb(in, out, count,
         [&](const uint8_t* r, const uint8_t* g, const uint8_t* b, int64_t n, uint8_t* to_r, uint8_t* to_g, uint8_t* to_b)
             HWY_ATTR {
               const auto map = [n](const uint8_t* from, const Levels& one, uint8_t* to) HWY_ATTR {
                 const U8 d;
                 const Table table(one.data());
                 for (int64_t i = 0; i < n; i += static_cast<int64_t>(hn::Lanes(d))) {
                   hn::StoreU(table[hn::LoadU(d, from + i)], d, to + i);
                 }
               };
               map(r, aligned[0], to_r);
               map(g, aligned[1], to_g);
               map(b, aligned[2], to_b);
             });
}

Range RangeOf(const uint8_t* in, int64_t count) {
  const U8 d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  Range out;
  int64_t i = 0;
  if (count >= lanes) {
    auto least = hn::Set(d, 255), most = hn::Zero(d);
    for (; i + lanes <= count; i += lanes) {
      const auto v = hn::LoadU(d, in + i);
      least = hn::Min(least, v);
      most = hn::Max(most, v);
    }
    alignas(64) uint8_t lows[kStep], highs[kStep];
    hn::StoreU(least, d, lows);
    hn::StoreU(most, d, highs);
    for (int64_t k = 0; k < lanes; ++k) out = {std::min(out.least, lows[k]), std::max(out.most, highs[k])};
  }
  for (; i < count; ++i) out = {std::min(out.least, in[i]), std::max(out.most, in[i])};
  return out;
}

std::array<Range, 3> RangesOf(const uint8_t* pixels, int64_t count) {
  const U8 d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  std::array<Range, 3> out;
  const auto add = [&](int64_t channel, uint8_t least, uint8_t most) {
    auto& range = out[static_cast<size_t>(channel)];
    range = {std::min(range.least, least), std::max(range.most, most)};
  };
  int64_t i = 0;
  if (count >= lanes) {
    // Three vectors hold whole pixels; which channel a lane holds repeats with them.
    hn::Vec<U8> least0 = hn::Set(d, 255), least1 = least0, least2 = least0;
    hn::Vec<U8> most0 = hn::Zero(d), most1 = most0, most2 = most0;
    for (; i + lanes <= count; i += lanes) {
      const auto* at = pixels + 3 * i;
      const auto x = hn::LoadU(d, at), y = hn::LoadU(d, at + lanes), z = hn::LoadU(d, at + 2 * lanes);
      least0 = hn::Min(least0, x);
      least1 = hn::Min(least1, y);
      least2 = hn::Min(least2, z);
      most0 = hn::Max(most0, x);
      most1 = hn::Max(most1, y);
      most2 = hn::Max(most2, z);
    }
    alignas(64) uint8_t lows[3 * kStep], highs[3 * kStep];
    hn::StoreU(least0, d, lows);
    hn::StoreU(least1, d, lows + lanes);
    hn::StoreU(least2, d, lows + 2 * lanes);
    hn::StoreU(most0, d, highs);
    hn::StoreU(most1, d, highs + lanes);
    hn::StoreU(most2, d, highs + 2 * lanes);
    for (int64_t k = 0; k < 3 * lanes; ++k) add(k % 3, lows[k], highs[k]);
  }
  for (i *= 3; i < 3 * count; ++i) add(i % 3, pixels[i], pixels[i]);
  return out;
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {
namespace {

HWY_EXPORT(MapLevels);
HWY_EXPORT(MapLevels3);
HWY_EXPORT(RangeOf);
HWY_EXPORT(RangesOf);

// Neighbours are often equal, and a count that was just written is slow to read: so several counts for each level.
template <size_t copies>
Histogram added(const std::array<Histogram, copies>& parts) {
  Histogram out{};
  for (const auto& part : parts) {
    for (size_t level = 0; level < 256; ++level) out[level] += part[level];
  }
  return out;
}

}  // namespace

void map_levels(const uint8_t* in, int64_t count, const Levels& table, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(MapLevels)(in, count, table, out);
}
void map_levels(const Rgb& in, int64_t count, const std::array<Levels, 3>& tables, const RgbOut& out) {
  HWY_DYNAMIC_DISPATCH(MapLevels3)(in, count, tables, out);
}
Range range(const uint8_t* in, int64_t count) { return HWY_DYNAMIC_DISPATCH(RangeOf)(in, count); }
std::array<Range, 3> ranges(const uint8_t* pixels, int64_t count) { return HWY_DYNAMIC_DISPATCH(RangesOf)(pixels, count); }

Histogram histogram(const uint8_t* in, int64_t count) {
  std::array<Histogram, 4> parts{};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, in + i, 8);
    ++parts[0][eight & 255];
    ++parts[1][eight >> 8 & 255];
    ++parts[2][eight >> 16 & 255];
    ++parts[3][eight >> 24 & 255];
    ++parts[0][eight >> 32 & 255];
    ++parts[1][eight >> 40 & 255];
    ++parts[2][eight >> 48 & 255];
    ++parts[3][eight >> 56];
  }
  for (; i < count; ++i) ++parts[0][in[i]];
  return added(parts);
}

std::array<Histogram, 3> histograms(const uint8_t* pixels, int64_t count) {
  std::array<Histogram, 2> r{}, g{}, b{};
  int64_t i = 0;
  for (; i + 2 <= count; i += 2) {
    const auto* at = pixels + 3 * i;
    ++r[0][at[0]];
    ++g[0][at[1]];
    ++b[0][at[2]];
    ++r[1][at[3]];
    ++g[1][at[4]];
    ++b[1][at[5]];
  }
  if (i < count) {
    ++r[0][pixels[3 * i]];
    ++g[0][pixels[3 * i + 1]];
    ++b[0][pixels[3 * i + 2]];
  }
  return {added(r), added(g), added(b)};
}

}  // namespace opsis::inline v1::simd
#endif
