#include "opsis/simd/luma.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/luma.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/rgb-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

void LumaBytes(const Rgb& in, int64_t count, uint8_t* out) {
  ForRgbToOne(in, out, count, [](const uint8_t* r, const uint8_t* g, const uint8_t* b, int64_t n, uint8_t* gray) HWY_ATTR {
    const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
    for (int64_t i = 0; i < n; i += lanes) {
      StoreTruncated(Luma(LoadFloats(r + i), LoadFloats(g + i), LoadFloats(b + i)), gray + i);
    }
  });
}

void LumaFloats(const Rgb& in, int64_t count, float* out) {
  ForRgbToOne(in, out, count, [](const uint8_t* r, const uint8_t* g, const uint8_t* b, int64_t n, float* gray) HWY_ATTR {
    const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
    for (int64_t i = 0; i < n; i += lanes) {
      hn::StoreU(hn::Floor(Luma(LoadFloats(r + i), LoadFloats(g + i), LoadFloats(b + i))), F32(), gray + i);
    }
  });
}

void BlendWithLuma(const Rgb& in, int64_t count, float ratio, float rest, const RgbOut& out) {
  ForRgb(in, out, count,
         [=](const uint8_t* r, const uint8_t* g, const uint8_t* b, int64_t n, uint8_t* to_r, uint8_t* to_g, uint8_t* to_b)
             HWY_ATTR {
               const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
               const auto ratios = hn::Set(F32(), ratio), rests = hn::Set(F32(), rest);
               for (int64_t i = 0; i < n; i += lanes) {
                 const auto x = LoadFloats(r + i), y = LoadFloats(g + i), z = LoadFloats(b + i);
                 const auto gray = hn::Floor(Luma(x, y, z));
                 StoreTruncated(Clamped(FusedMulAdd(gray, rests, hn::Mul(x, ratios)), 0.0f, 255.0f), to_r + i);
                 StoreTruncated(Clamped(FusedMulAdd(gray, rests, hn::Mul(y, ratios)), 0.0f, 255.0f), to_g + i);
                 StoreTruncated(Clamped(FusedMulAdd(gray, rests, hn::Mul(z, ratios)), 0.0f, 255.0f), to_b + i);
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
