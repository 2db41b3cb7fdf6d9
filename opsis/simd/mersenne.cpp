#include "opsis/simd/mersenne.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/mersenne.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/mersenne-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

constexpr uint32_t kUpperBit = 0x80000000u, kMatrix = 0x9908B0DFu;

void TwistOne(uint32_t* word, uint32_t next, uint32_t other) {
  *word = other ^ ((*word & kUpperBit) | (next & ~kUpperBit)) >> 1 ^ ((next & 1) ? kMatrix : 0);
}

// Makes `count` words out of themselves, of those behind them, and of others.
void TwistSome(uint32_t* words, const uint32_t* others, size_t count) {
  const hn::ScalableTag<uint32_t> d;
  const auto one = hn::Set(d, 1), upper = hn::Set(d, kUpperBit), matrix = hn::Set(d, kMatrix);
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto next = hn::LoadU(d, words + i + 1);
    const auto mixed = hn::Or(hn::And(hn::LoadU(d, words + i), upper), hn::AndNot(upper, next));
    const auto odd = hn::And(hn::Sub(hn::Zero(d), hn::And(next, one)), matrix);
    hn::StoreU(hn::Xor(hn::LoadU(d, others + i), hn::Xor(hn::ShiftRight<1>(mixed), odd)), d, words + i);
  }
  for (; i < count; ++i) TwistOne(words + i, words[i + 1], others[i]);
}

void Twist(uint32_t* words) {
  constexpr size_t all = kMersenneWords, period = 397, wrap = all - period;
  TwistSome(words, words + period, wrap);      // out of old words
  TwistSome(words + wrap, words, period - 1);  // out of new ones
  TwistOne(words + all - 1, words[0], words[period - 1]);
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
