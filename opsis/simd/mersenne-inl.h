// Tempering, for the kernels that take raw words. Included once for each instruction set, after highway.h.
#if defined(OPSIS_SIMD_MERSENNE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OPSIS_SIMD_MERSENNE_INL_H
#undef OPSIS_SIMD_MERSENNE_INL_H
#else
#define OPSIS_SIMD_MERSENNE_INL_H
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE hn::Vec<D> Tempered(D d, hn::Vec<D> word) {
  word = hn::Xor(word, hn::ShiftRight<11>(word));
  word = hn::Xor(word, hn::And(hn::ShiftLeft<7>(word), hn::Set(d, 0x9D2C5680u)));
  word = hn::Xor(word, hn::And(hn::ShiftLeft<15>(word), hn::Set(d, 0xEFC60000u)));
  return hn::Xor(word, hn::ShiftRight<18>(word));
}

}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // OPSIS_SIMD_MERSENNE_INL_H
