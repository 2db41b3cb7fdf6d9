// A loop over numbers of which there need not be a whole vector, and bounds. Included once for each instruction set, after highway.h.
#if defined(OPSIS_SIMD_LANES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OPSIS_SIMD_LANES_INL_H
#undef OPSIS_SIMD_LANES_INL_H
#else
#define OPSIS_SIMD_LANES_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// body(d, i) for i from `first` to below `end`, in steps of d's lanes: long vectors, then ever shorter ones for what is left.
template <class T, size_t kMost = HWY_MAX_BYTES / sizeof(T), class Body>
HWY_INLINE void ForLanes(int64_t first, int64_t end, const Body& body) {
  const hn::CappedTag<T, kMost> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (; first + lanes <= end; first += lanes) body(d, first);
  if constexpr (kMost > 1) {
    if (first < end) ForLanes<T, (kMost > 16 ? 16 : kMost) / 2>(first, end, body);
  }
}

// The same where a number may be visited twice: what is left is the end of a whole vector, if there are numbers for one.
template <class T, size_t kMost = HWY_MAX_BYTES / sizeof(T), class Body>
HWY_INLINE void ForLanesTwice(int64_t first, int64_t end, const Body& body) {
  const hn::CappedTag<T, kMost> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  if constexpr (kMost > 1) {
    if (end - first < lanes) return ForLanesTwice<T, (kMost > 16 ? 16 : kMost) / 2>(first, end, body);
  }
  for (; first + lanes <= end; first += lanes) body(d, first);
  if (first < end) body(d, end - lanes);
}

// x held between two numbers; what is no number stays what it is. Min and Max do not promise that, but x86's give their second
// argument where one is no number.
template <class V>
HWY_INLINE V Bounded(V x, V low, V high) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSE2
  return hn::Max(low, hn::Min(high, x));
#else
  return hn::IfThenElse(hn::Lt(x, low), low, hn::IfThenElse(hn::Gt(x, high), high, x));
#endif
}

// As many numbers as d has lanes from memory and back, whatever they are there: float32, or bfloat16 in an uint16_t, which is the upper
// half of one.
template <class D>
HWY_INLINE hn::Vec<D> LoadNumbers(D d, const float* from) {
  return hn::LoadU(d, from);
}

template <class D>
HWY_INLINE hn::Vec<D> LoadNumbers(D d, const uint16_t* from) {
  const hn::Rebind<uint32_t, D> whole;
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(whole, hn::LoadU(hn::Rebind<uint16_t, D>(), from))));
}

template <class D>
HWY_INLINE void StoreNumbers(hn::Vec<D> value, D d, float* to) {
  hn::StoreU(value, d, to);
}

// To the nearest, and of two the even one; what is no number stays none.
template <class D>
HWY_INLINE void StoreNumbers(hn::Vec<D> value, D, uint16_t* to) {
  const hn::Rebind<uint32_t, D> whole;
  const hn::Rebind<int32_t, D> whole_signed;
  const hn::Rebind<uint16_t, D> half;
  const auto bits = hn::BitCast(whole, value);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(whole, 1u));
  const auto near = hn::ShiftRight<16>(hn::Add(bits, hn::Add(hn::Set(whole, 0x7FFFu), odd)));
  const auto no_number = hn::RebindMask(whole, hn::Ne(value, value));
  const auto chosen = hn::IfThenElse(no_number, hn::Set(whole, 0x7FC0u), near);
  hn::StoreU(hn::DemoteTo(half, hn::BitCast(whole_signed, chosen)), half, to);
}

// The first `count` lanes, at most all of them; the others are zero, and what lies behind them in memory is not touched.
template <class D>
HWY_INLINE hn::Vec<D> LoadSome(D d, const float* from, int64_t count) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
  return hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(count)), d, from);
#else
  HWY_ALIGN float all[HWY_MAX_BYTES / sizeof(float)] = {};
  std::copy_n(from, count, all);
  return hn::Load(d, all);
#endif
}

template <class D>
HWY_INLINE void StoreSome(hn::Vec<D> value, D d, float* to, int64_t count) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
  hn::BlendedStore(value, hn::FirstN(d, static_cast<size_t>(count)), d, to);
#else
  HWY_ALIGN float all[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(value, d, all);
  std::copy_n(all, count, to);
#endif
}

}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // OPSIS_SIMD_LANES_INL_H
