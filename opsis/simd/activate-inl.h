// Activation functions that are a few instructions: what makes a sum applies them while it has it in a register. Included once
// for each instruction set, after highway.h.
#if defined(OPSIS_SIMD_ACTIVATE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OPSIS_SIMD_ACTIVATE_INL_H
#undef OPSIS_SIMD_ACTIVATE_INL_H
#else
#define OPSIS_SIMD_ACTIVATE_INL_H
#endif

#include "opsis/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {

template <class D, class V>
HWY_INLINE V Hardsigmoid(D d, V x) {
  return hn::Mul(Bounded(hn::Add(x, hn::Set(d, 3.0f)), hn::Zero(d), hn::Set(d, 6.0f)), hn::Set(d, 1.0f / 6.0f));
}

template <class D, class V>
HWY_INLINE V Hardswish(D d, V x) {
  return hn::Mul(x, Hardsigmoid(d, x));
}

}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // OPSIS_SIMD_ACTIVATE_INL_H
