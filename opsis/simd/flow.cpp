#include "opsis/simd/flow.h"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/flow.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

template <class V>
HWY_INLINE V Squared(V x, V y) {
  return hn::Add(hn::Mul(x, x), hn::Mul(y, y));
}

float LongestSquared(const float* x, const float* y, int64_t count) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto most = hn::Zero(d);
  auto all_finite = hn::Eq(most, most);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto at_x = hn::LoadU(d, x + i), at_y = hn::LoadU(d, y + i);
    most = hn::Max(most, Squared(at_x, at_y));
    all_finite = hn::And(all_finite, hn::And(hn::IsFinite(at_x), hn::IsFinite(at_y)));
  }
  bool finite = hn::AllTrue(d, all_finite);
  float longest = hn::ReduceMax(d, most);
  for (; i < count; ++i) {
    longest = std::max(longest, x[i] * x[i] + y[i] * y[i]);
    finite = finite && x[i] - x[i] == 0 && y[i] - y[i] == 0;
  }
  return finite ? longest : std::numeric_limits<float>::quiet_NaN();
}

void NegativeParts(const float* x, const float* y, int64_t count, float divisor, float* to_x, float* to_y) {
  ForLanes<float>(0, count, [=](auto d, int64_t i) HWY_ATTR {
    const auto divided_by = hn::Set(d, divisor);
    hn::StoreU(hn::Neg(hn::Div(hn::LoadU(d, x + i), divided_by)), d, to_x + i);
    hn::StoreU(hn::Neg(hn::Div(hn::LoadU(d, y + i), divided_by)), d, to_y + i);
  });
}

// The level as a byte. Where the length is a rounding more than 1, the level may be below 0; it becomes 255, as LibTorch makes it.
template <class D, class I>
HWY_INLINE void StoreLevel(D d, const float* wheel, I hue, hn::Vec<D> between, hn::Vec<D> length, uint8_t* to) {
  const auto one = hn::Set(d, 1.0f);
  const auto below = hn::GatherIndex(d, wheel + 1, hue), above = hn::GatherIndex(d, wheel + 2, hue);
  const auto level = hn::Add(hn::Mul(hn::Sub(one, between), below), hn::Mul(between, above));
  const auto paled = hn::Sub(one, hn::Mul(length, hn::Sub(one, level)));
  const auto whole = hn::Floor(hn::Mul(paled, hn::Set(d, 255.0f)));
  const hn::RebindToUnsigned<D> bits;
  const hn::Rebind<uint8_t, D> bytes;
  hn::StoreU(hn::TruncateTo(bytes, hn::BitCast(bits, hn::ConvertTo(hn::RebindToSigned<D>(), whole))), bytes, to);
}

void FlowColors(const float* x, const float* y, const float* angle, int64_t count, const FlowWheel& wheel, uint8_t* red,
                uint8_t* green, uint8_t* blue) {
  const auto* const reds = wheel[0].data();
  const auto* const greens = wheel[1].data();
  const auto* const blues = wheel[2].data();
  ForLanes<float>(0, count, [=](auto d, int64_t i) HWY_ATTR {
    const auto length = hn::Sqrt(Squared(hn::LoadU(d, x + i), hn::LoadU(d, y + i)));
    const auto turn = hn::Div(hn::LoadU(d, angle + i), hn::Set(d, 3.14159265358979323846f));
    const auto around = hn::Mul(hn::Mul(hn::Add(turn, hn::Set(d, 1.0f)), hn::Set(d, 0.5f)), hn::Set(d, float{kFlowHues - 1}));
    const auto floor = hn::Floor(around);
    const auto between = hn::Sub(around, floor);
    const auto hue = hn::ConvertTo(hn::RebindToSigned<decltype(d)>(), floor);
    StoreLevel(d, reds, hue, between, length, red + i);
    StoreLevel(d, greens, hue, between, length, green + i);
    StoreLevel(d, blues, hue, between, length, blue + i);
  });
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(LongestSquared);
HWY_EXPORT(NegativeParts);
HWY_EXPORT(FlowColors);

float longest_squared(const float* x, const float* y, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(LongestSquared)(x, y, count);
}

void negative_parts(const float* x, const float* y, int64_t count, float divisor, float* to_x, float* to_y) {
  HWY_DYNAMIC_DISPATCH(NegativeParts)(x, y, count, divisor, to_x, to_y);
}

void flow_colors(const float* x, const float* y, const float* angle, int64_t count, const FlowWheel& wheel, uint8_t* red,
                 uint8_t* green, uint8_t* blue) {
  HWY_DYNAMIC_DISPATCH(FlowColors)(x, y, angle, count, wheel, red, green, blue);
}

}  // namespace opsis::inline v1::simd
#endif
