#include "opsis/simd/flow.h"

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

void SquaredLengths(const float* x, const float* y, int64_t count, float* squares) {
  ForLanes<float>(0, count, [=](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(Squared(hn::LoadU(d, x + i), hn::LoadU(d, y + i)), d, squares + i);
  });
}

bool ReversedParts(const float* x, const float* y, int64_t count, float divisor, float* to_x, float* to_y, float* squares) {
  bool finite = true;
  ForLanes<float>(0, count, [=, &finite](auto d, int64_t i) HWY_ATTR {
    const auto divided_by = hn::Set(d, divisor);
    const auto part_x = hn::Neg(hn::Div(hn::LoadU(d, x + i), divided_by));
    const auto part_y = hn::Neg(hn::Div(hn::LoadU(d, y + i), divided_by));
    const auto squared = Squared(part_x, part_y);
    hn::StoreU(part_x, d, to_x + i);
    hn::StoreU(part_y, d, to_y + i);
    hn::StoreU(squared, d, squares + i);
    finite = finite && hn::AllTrue(d, hn::IsFinite(squared));
  });
  return finite;
}

// The level as a byte. Where the length is a rounding more than 1, the level may be below 0; it becomes 255, as LibTorch makes
// it.
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

void FlowColors(const float* angle, const float* length, int64_t count, const FlowWheel& wheel, uint8_t* red, uint8_t* green,
                uint8_t* blue) {
  const auto* const reds = wheel[0].data();
  const auto* const greens = wheel[1].data();
  const auto* const blues = wheel[2].data();
  ForLanes<float>(0, count, [=](auto d, int64_t i) HWY_ATTR {
    const auto turn = hn::Div(hn::LoadU(d, angle + i), hn::Set(d, 3.14159265358979323846f));
    const auto around = hn::Mul(hn::Mul(hn::Add(turn, hn::Set(d, 1.0f)), hn::Set(d, 0.5f)), hn::Set(d, float{kFlowHues - 1}));
    const auto floor = hn::Floor(around);
    const auto between = hn::Sub(around, floor);
    const auto far = hn::LoadU(d, length + i);
    const auto hue = hn::ConvertTo(hn::RebindToSigned<decltype(d)>(), floor);
    StoreLevel(d, reds, hue, between, far, red + i);
    StoreLevel(d, greens, hue, between, far, green + i);
    StoreLevel(d, blues, hue, between, far, blue + i);
  });
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(SquaredLengths);
HWY_EXPORT(ReversedParts);
HWY_EXPORT(FlowColors);

void squared_lengths(const float* x, const float* y, int64_t count, float* squares) {
  HWY_DYNAMIC_DISPATCH(SquaredLengths)(x, y, count, squares);
}

bool reversed_parts(const float* x, const float* y, int64_t count, float divisor, float* to_x, float* to_y, float* squares) {
  return HWY_DYNAMIC_DISPATCH(ReversedParts)(x, y, count, divisor, to_x, to_y, squares);
}

void flow_colors(const float* angle, const float* length, int64_t count, const FlowWheel& wheel, uint8_t* red, uint8_t* green,
                 uint8_t* blue) {
  HWY_DYNAMIC_DISPATCH(FlowColors)(angle, length, count, wheel, red, green, blue);
}

}  // namespace opsis::inline v1::simd
#endif
