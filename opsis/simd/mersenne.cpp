#include "opsis/simd/mersenne.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/mersenne.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/mersenne-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

// words[i] = words[i + distance] ^ mix(words[i], words[i + 1]) for i in [first, last).
template <class D>
HWY_INLINE int64_t TwistSome(D d, uint32_t* words, int64_t first, int64_t last, int64_t distance) {
  const auto one = hn::Set(d, 1), upper = hn::Set(d, 0x80000000u), matrix = hn::Set(d, 0x9908B0DFu);
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (; first + lanes <= last; first += lanes) {
    const auto next = hn::LoadU(d, words + first + 1);
    const auto mixed = hn::Or(hn::And(hn::LoadU(d, words + first), upper), hn::AndNot(upper, next));
    const auto odd = hn::And(hn::Sub(hn::Zero(d), hn::And(next, one)), matrix);
    const auto twisted = hn::Xor(hn::ShiftRight<1>(mixed), odd);
    hn::StoreU(hn::Xor(hn::LoadU(d, words + first + distance), twisted), d, words + first);
  }
  return first;
}

void Twist(uint32_t* words) {
  constexpr int64_t period = 397, wrap = kMersenneWords - period;
  const hn::ScalableTag<uint32_t> d;
  const hn::CappedTag<uint32_t, 1> one;
  int64_t i = TwistSome(d, words, 0, wrap, period);
  i = TwistSome(one, words, i, wrap, period);
  i = TwistSome(d, words, i, kMersenneWords - 1, -wrap);
  i = TwistSome(one, words, i, kMersenneWords - 1, -wrap);
  const uint32_t mixed = (words[i] & 0x80000000u) | (words[0] & 0x7FFFFFFFu);
  words[i] = words[i - wrap] ^ mixed >> 1 ^ ((words[0] & 1) ? 0x9908B0DFu : 0);
}

void Uniform(const uint32_t* words, int64_t count, float* out) {
  const hn::ScalableTag<uint32_t> d;
  const hn::RebindToFloat<decltype(d)> df;
  const hn::RebindToSigned<decltype(d)> di;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto mask = hn::Set(d, 0xFFFFFFu);
  const auto unit = hn::Set(df, 0x1p-24f);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto bits = hn::And(Tempered(d, hn::LoadU(d, words + i)), mask);
    hn::StoreU(hn::Mul(hn::ConvertTo(df, hn::BitCast(di, bits)), unit), df, out + i);
  }
  for (; i < count; ++i) out[i] = static_cast<float>(tempered(words[i]) & 0xFFFFFFu) * 0x1p-24f;
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(Twist);
HWY_EXPORT(Uniform);

void twist(uint32_t* words) { HWY_DYNAMIC_DISPATCH(Twist)(words); }
void uniform(const uint32_t* words, int64_t count, float* out) { HWY_DYNAMIC_DISPATCH(Uniform)(words, count, out); }

}  // namespace opsis::inline v1::simd
#endif
