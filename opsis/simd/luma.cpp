#include "opsis/simd/luma.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/luma.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/rgb-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

HWY_INLINE void StoreGray(hn::Vec<F32> gray, uint8_t* out) { StoreTruncated(gray, out); }
HWY_INLINE void StoreGray(hn::Vec<F32> gray, float* out) { hn::StoreU(hn::Floor(gray), F32(), out); }

// What is done to a channel: its own part and the gray's, within [0, 255].
struct Blend {
  float ratio, rest;
  HWY_INLINE hn::Vec<F32> operator()(hn::Vec<F32> channel, hn::Vec<F32> gray) const {
    const auto own = hn::Mul(channel, hn::Set(F32(), ratio));
    return Clamped(FusedMulAdd(gray, hn::Set(F32(), rest), own), 0.0f, 255.0f);
  }
};

// Of pixels that are one after the other most are done in registers. These return how many.
#if HWY_TARGET == HWY_SCALAR

template <class T>
int64_t LumaInLanes(const uint8_t*, int64_t, T*) {
  return 0;
}
int64_t BlendInLanes(const uint8_t*, int64_t, const Blend&, uint8_t*) { return 0; }

#else

HWY_INLINE hn::Vec<F32> LumaOf(const PixelLanes& lanes, const uint8_t* pixels) {
  const auto [r, g, b] = lanes.Load(pixels);
  return Luma(r, g, b);
}

int64_t LumaInLanes(const uint8_t* pixels, int64_t count, float* out) {
  const PixelLanes lanes;
  int64_t i = 0;
  for (; PixelLanes::Fit(i, count); i += static_cast<int64_t>(hn::Lanes(F32())))
    StoreGray(LumaOf(lanes, pixels + 3 * i), out + i);
  return i;
}

int64_t LumaInLanes(const uint8_t* pixels, int64_t count, uint8_t* out) {
  const PixelLanes lanes;
  const FourToBytes bytes;
  const auto step = static_cast<int64_t>(hn::Lanes(F32()));
  int64_t i = 0;
  for (; PixelLanes::Fit(i + 3 * step, count); i += 4 * step) {
    const auto* const from = pixels + 3 * i;
    bytes.Store(LumaOf(lanes, from), LumaOf(lanes, from + 3 * step), LumaOf(lanes, from + 6 * step),
                LumaOf(lanes, from + 9 * step), out + i);
  }
  return i;
}

int64_t BlendInLanes(const uint8_t* pixels, int64_t count, const Blend& blend, uint8_t* out) {
  const PixelLanes lanes;
  int64_t i = 0;
  for (; PixelLanes::Fit(i, count); i += static_cast<int64_t>(hn::Lanes(F32()))) {
    const auto [r, g, b] = lanes.Load(pixels + 3 * i);
    const auto gray = hn::Floor(Luma(r, g, b));
    lanes.Store({blend(r, gray), blend(g, gray), blend(b, gray)}, out + 3 * i);
  }
  return i;
}

#endif

template <class T>
HWY_INLINE void LumaTo(const Rgb& in, int64_t count, T* out) {
  const int64_t done = in.interleaved ? LumaInLanes(in.r, count, out) : 0;
  const auto some = [](const uint8_t* r, const uint8_t* g, const uint8_t* b, int64_t n, T* gray) HWY_ATTR {
    for (int64_t i = 0; i < n; i += static_cast<int64_t>(hn::Lanes(F32()))) {
      StoreGray(Luma(LoadFloats(r + i), LoadFloats(g + i), LoadFloats(b + i)), gray + i);
    }
  };
  ForRgbToOne(in.from(done), out + done, count - done, some);
}

void LumaBytes(const Rgb& in, int64_t count, uint8_t* out) { LumaTo(in, count, out); }
void LumaFloats(const Rgb& in, int64_t count, float* out) { LumaTo(in, count, out); }

void BlendWithLuma(const Rgb& in, int64_t count, float ratio, float rest, const RgbOut& out) {
  const Blend blend{ratio, rest};
  const int64_t done = in.interleaved && out.interleaved ? BlendInLanes(in.r, count, blend, out.r) : 0;
  ForRgb(in.from(done), out.from(done), count - done,
         [=](const uint8_t* r, const uint8_t* g, const uint8_t* b, int64_t n, uint8_t* to_r, uint8_t* to_g, uint8_t* to_b)
             HWY_ATTR {
               for (int64_t i = 0; i < n; i += static_cast<int64_t>(hn::Lanes(F32()))) {
                 const auto x = LoadFloats(r + i), y = LoadFloats(g + i), z = LoadFloats(b + i);
                 const auto gray = hn::Floor(Luma(x, y, z));
                 StoreTruncated(blend(x, gray), to_r + i);
                 StoreTruncated(blend(y, gray), to_g + i);
                 StoreTruncated(blend(z, gray), to_b + i);
               }
             });
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(LumaBytes);
HWY_EXPORT(LumaFloats);
HWY_EXPORT(BlendWithLuma);

void luma(const Rgb& in, int64_t count, uint8_t* out) { HWY_DYNAMIC_DISPATCH(LumaBytes)(in, count, out); }
void luma(const Rgb& in, int64_t count, float* out) { HWY_DYNAMIC_DISPATCH(LumaFloats)(in, count, out); }
void blend_with_luma(const Rgb& in, int64_t count, float ratio, float rest, const RgbOut& out) {
  HWY_DYNAMIC_DISPATCH(BlendWithLuma)(in, count, ratio, rest, out);
}

}  // namespace opsis::inline v1::simd
#endif
