#include "opsis/simd/scale.h"

#include <hwy/cache_control.h>

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/scale.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/rgb-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

constexpr float kUnit = static_cast<float>(1.0 / 255);

void ToUnit(const uint8_t* in, int64_t count, float* out) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const auto unit = hn::Set(F32(), kUnit);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(hn::Mul(LoadFloats(in + i), unit), F32(), out + i);
  for (; i < count; ++i) out[i] = static_cast<float>(in[i]) * kUnit;
}

// Levels divided by 255. With fused operations by the reciprocal in two parts, whose sum is rounded once and so is the quotient
// for all of the 256 levels: no quotient lies as near to the middle between two floats as the second part's own rounding reaches.
HWY_INLINE hn::Vec<F32> Divided(const uint8_t* in) {
  const auto levels = LoadFloats(in);
#if HWY_NATIVE_FMA && HWY_TARGET != HWY_SCALAR  // whose MulAdd rounds twice
  constexpr auto rest = static_cast<float>(1.0 / 255 - static_cast<double>(kUnit));
  return hn::MulAdd(levels, hn::Set(F32(), kUnit), hn::Mul(levels, hn::Set(F32(), rest)));
#else
  return hn::Div(levels, hn::Set(F32(), 255.0f));
#endif
}

void ToUnitDivided(const uint8_t* in, int64_t count, float* out) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(Divided(in + i), F32(), out + i);
  for (; i < count; ++i) out[i] = static_cast<float>(in[i]) / 255.0f;
}

void ToUnitDividedPlanes(const uint8_t* pixels, int64_t count, float* const* planes) {
  HWY_ALIGN uint8_t apart[3][kBlock];
  for (int64_t i = 0; i < count; i += kBlock) {
    const int64_t block = std::min(kBlock, count - i);
    Deinterleave(pixels + 3 * i, block, apart[0], apart[1], apart[2]);
    for (size_t c = 0; c < 3; ++c) ToUnitDivided(apart[c], block, planes[c] + i);
  }
}

// What divides: by the instruction, or by the reciprocal and one correction, which is twice as fast and rounds as a division
// does nearly always. There are 256 levels only: the caller has looked whether it does for all of them.
struct Divide {
  hn::Vec<F32> std, reciprocal;
  HWY_INLINE hn::Vec<F32> operator()(hn::Vec<F32> v) const { return hn::Div(v, std); }
};
struct Multiply {
  hn::Vec<F32> std, reciprocal;
  HWY_INLINE hn::Vec<F32> operator()(hn::Vec<F32> v) const {
    const auto quotient = hn::Mul(v, reciprocal);
    return hn::MulAdd(hn::NegMulAdd(quotient, std, v), reciprocal, quotient);
  }
};

template <class Quotient>
HWY_INLINE hn::Vec<F32> Normalized(const uint8_t* in, hn::Vec<F32> mean, const Quotient& quotient) {
  return quotient(hn::Sub(hn::Mul(LoadFloats(in), hn::Set(F32(), kUnit)), mean));
}

float NormalizedOne(uint8_t level, Normal normal) { return (static_cast<float>(level) * kUnit - normal.mean) / normal.std; }

bool MultiplyIsExact(Normal normal) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const auto mean = hn::Set(F32(), normal.mean), std = hn::Set(F32(), normal.std);
  const auto reciprocal = hn::Set(F32(), 1.0f / normal.std);
  alignas(64) uint8_t levels[256];
  for (int i = 0; i < 256; ++i) levels[i] = static_cast<uint8_t>(i);
  for (int64_t i = 0; i < 256; i += lanes) {
    const auto exact = Normalized(levels + i, mean, Divide{std, reciprocal});
    const auto fast = Normalized(levels + i, mean, Multiply{std, reciprocal});
    const auto same = hn::Eq(hn::BitCast(I32(), exact), hn::BitCast(I32(), fast));
    if (!hn::AllTrue(I32(), same)) return false;
  }
  return true;
}

template <class Quotient>
HWY_INLINE void ToNormalBy(const uint8_t* in, int64_t count, Normal normal, float* out, Stores stores = Stores::Cached) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const auto mean = hn::Set(F32(), normal.mean);
  const Quotient quotient{hn::Set(F32(), normal.std), hn::Set(F32(), 1.0f / normal.std)};
  const bool aligned = reinterpret_cast<uintptr_t>(out) % (hn::Lanes(F32()) * sizeof(float)) == 0;
  int64_t i = 0;
  if (stores == Stores::PastCaches && aligned) {
    for (; i + lanes <= count; i += lanes) hn::Stream(Normalized(in + i, mean, quotient), F32(), out + i);
  }
  for (; i + lanes <= count; i += lanes) hn::StoreU(Normalized(in + i, mean, quotient), F32(), out + i);
  for (; i < count; ++i) out[i] = NormalizedOne(in[i], normal);
}

void ToNormal(const uint8_t* in, int64_t count, Normal normal, float* out) {
  if (MultiplyIsExact(normal)) {
    ToNormalBy<Multiply>(in, count, normal, out);
  } else {
    ToNormalBy<Divide>(in, count, normal, out);
  }
}

template <class Quotient>
HWY_INLINE void ToNormalBy3(const uint8_t* pixels, int64_t count, const std::array<Normal, 3>& normals, float* out) {
  const F32 d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  // Three vectors hold whole pixels; which channel a lane holds repeats with them.
  alignas(64) float means[3 * kStep], stds[3 * kStep], reciprocals[3 * kStep];
  for (int64_t i = 0; i < 3 * lanes; ++i) {
    const auto& normal = normals[static_cast<size_t>(i % 3)];
    means[i] = normal.mean;
    stds[i] = normal.std;
    reciprocals[i] = 1.0f / normal.std;
  }
  const auto mean0 = hn::LoadU(d, means), mean1 = hn::LoadU(d, means + lanes), mean2 = hn::LoadU(d, means + 2 * lanes);
  const Quotient quotient0{hn::LoadU(d, stds), hn::LoadU(d, reciprocals)};
  const Quotient quotient1{hn::LoadU(d, stds + lanes), hn::LoadU(d, reciprocals + lanes)};
  const Quotient quotient2{hn::LoadU(d, stds + 2 * lanes), hn::LoadU(d, reciprocals + 2 * lanes)};
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto* from = pixels + 3 * i;
    auto* to = out + 3 * i;
    hn::StoreU(Normalized(from, mean0, quotient0), d, to);
    hn::StoreU(Normalized(from + lanes, mean1, quotient1), d, to + lanes);
    hn::StoreU(Normalized(from + 2 * lanes, mean2, quotient2), d, to + 2 * lanes);
  }
  for (i *= 3; i < 3 * count; ++i) out[i] = NormalizedOne(pixels[i], normals[static_cast<size_t>(i % 3)]);
}

void ToNormal3(const uint8_t* pixels, int64_t count, const std::array<Normal, 3>& normals, float* out) {
  if (MultiplyIsExact(normals[0]) && MultiplyIsExact(normals[1]) && MultiplyIsExact(normals[2])) {
    ToNormalBy3<Multiply>(pixels, count, normals, out);
  } else {
    ToNormalBy3<Divide>(pixels, count, normals, out);
  }
}

void ToNormalPlanes(const uint8_t* pixels, int64_t count, const std::array<Normal, 3>& normals, float* const* planes,
                    Stores stores) {
  const bool exact[] = {MultiplyIsExact(normals[0]), MultiplyIsExact(normals[1]), MultiplyIsExact(normals[2])};
  HWY_ALIGN uint8_t apart[3][kBlock];
  for (int64_t i = 0; i < count; i += kBlock) {
    const int64_t block = std::min(kBlock, count - i);
    Deinterleave(pixels + 3 * i, block, apart[0], apart[1], apart[2]);
    for (size_t c = 0; c < 3; ++c) {
      const auto to_normal = exact[c] ? ToNormalBy<Multiply> : ToNormalBy<Divide>;
      to_normal(apart[c], block, normals[c], planes[c] + i, stores);
    }
  }
  if (stores == Stores::PastCaches) hwy::FlushStream();  // another thread may have the batch next
}

// Any float can come, so it is the instruction that divides: memory is slower.
void Normalize(const float* in, int64_t count, Normal normal, float* out) {
  const F32 d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto mean = hn::Set(d, normal.mean), std = hn::Set(d, normal.std);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(hn::Div(hn::Sub(hn::LoadU(d, in + i), mean), std), d, out + i);
  for (; i < count; ++i) out[i] = (in[i] - normal.mean) / normal.std;
}

void Normalize3(const float* pixels, int64_t count, const std::array<Normal, 3>& normals, float* out) {
  const F32 d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  alignas(64) float means[3 * kStep], stds[3 * kStep];  // as in ToNormalBy3
  for (int64_t i = 0; i < 3 * lanes; ++i) {
    means[i] = normals[static_cast<size_t>(i % 3)].mean;
    stds[i] = normals[static_cast<size_t>(i % 3)].std;
  }
  const auto mean0 = hn::LoadU(d, means), mean1 = hn::LoadU(d, means + lanes), mean2 = hn::LoadU(d, means + 2 * lanes);
  const auto std0 = hn::LoadU(d, stds), std1 = hn::LoadU(d, stds + lanes), std2 = hn::LoadU(d, stds + 2 * lanes);
  const auto vector = [&](int64_t at, hn::Vec<F32> mean, hn::Vec<F32> std)
                          HWY_ATTR { hn::StoreU(hn::Div(hn::Sub(hn::LoadU(d, pixels + at), mean), std), d, out + at); };
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    vector(3 * i, mean0, std0);
    vector(3 * i + lanes, mean1, std1);
    vector(3 * i + 2 * lanes, mean2, std2);
  }
  for (i *= 3; i < 3 * count; ++i) {
    const auto& normal = normals[static_cast<size_t>(i % 3)];
    out[i] = (pixels[i] - normal.mean) / normal.std;
  }
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(ToUnit);
HWY_EXPORT(ToUnitDivided);
HWY_EXPORT(ToUnitDividedPlanes);
HWY_EXPORT(ToNormal);
HWY_EXPORT(ToNormal3);
HWY_EXPORT(ToNormalPlanes);
HWY_EXPORT(Normalize);
HWY_EXPORT(Normalize3);

void to_unit(const uint8_t* in, int64_t count, float* out) { HWY_DYNAMIC_DISPATCH(ToUnit)(in, count, out); }
void to_unit_divided(const uint8_t* in, int64_t count, float* out) { HWY_DYNAMIC_DISPATCH(ToUnitDivided)(in, count, out); }
void to_unit_divided(const uint8_t* pixels, int64_t count, float* const planes[3]) {
  HWY_DYNAMIC_DISPATCH(ToUnitDividedPlanes)(pixels, count, planes);
}
void to_normal(const uint8_t* in, int64_t count, Normal normal, float* out) {
  HWY_DYNAMIC_DISPATCH(ToNormal)(in, count, normal, out);
}
void to_normal(const uint8_t* pixels, int64_t count, const std::array<Normal, 3>& normals, float* out) {
  HWY_DYNAMIC_DISPATCH(ToNormal3)(pixels, count, normals, out);
}
void to_normal_planes(const uint8_t* pixels, int64_t count, const std::array<Normal, 3>& normals, float* const planes[3],
                      Stores stores) {
  HWY_DYNAMIC_DISPATCH(ToNormalPlanes)(pixels, count, normals, planes, stores);
}
void normalize(const float* in, int64_t count, Normal normal, float* out) {
  HWY_DYNAMIC_DISPATCH(Normalize)(in, count, normal, out);
}
void normalize(const float* pixels, int64_t count, const std::array<Normal, 3>& normals, float* out) {
  HWY_DYNAMIC_DISPATCH(Normalize3)(pixels, count, normals, out);
}

}  // namespace opsis::inline v1::simd
#endif
