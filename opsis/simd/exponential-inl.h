// e to the power of a number. Included once for each instruction set, after highway.h.
#if defined(OPSIS_SIMD_EXPONENTIAL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OPSIS_SIMD_EXPONENTIAL_INL_H
#undef OPSIS_SIMD_EXPONENTIAL_INL_H
#else
#define OPSIS_SIMD_EXPONENTIAL_INL_H
#endif

#include "opsis/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {

// Of a number between -87 and 87, times a factor of size one: two to the nearest whole power, by a polynomial for the rest,
// which is off by 7.5e-8 of it at most. Together with the rounding of log2(e), 1e-6 of the result where it is tiny or huge.
template <class D, class V>
HWY_INLINE V Exponential(D d, V x, float factor = 1.0f) {
  // Beside so large a number there is room for whole ones only: its lowest bits are the power, as an exponent has it. A
  // conversion would make some whole number of what is no number, and hide it.
  const auto large = hn::Set(d, 0x1.8p23f + 127), log = hn::Set(d, factor * 1.44269504f);
  const auto placed = hn::MulAdd(x, log, large);
  const auto rest = hn::MulSub(x, log, hn::Sub(placed, large));
  auto sum = hn::Set(d, 0.0013276472f);
  for (const float next : {0.00967554148f, 0.0555071327f, 0.240221197f, 0.693146967f, 1.00000007f})
    sum = hn::MulAdd(sum, rest, hn::Set(d, next));
  const hn::RebindToUnsigned<D> bits;
  return hn::Mul(sum, hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(bits, placed))));
}

}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // OPSIS_SIMD_EXPONENTIAL_INL_H
