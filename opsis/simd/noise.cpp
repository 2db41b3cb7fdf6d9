#include "opsis/simd/noise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/noise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cmath>

#include "opsis/simd/mersenne-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

// Eight at most, as the first eight words of sixteen are radii and the last are angles.
using NoiseF = hn::CappedTag<float, 8>;
using NoiseI = hn::RebindToSigned<NoiseF>;
using NoiseU = hn::RebindToUnsigned<NoiseF>;
using NoiseVF = hn::Vec<NoiseF>;
using NoiseVI = hn::Vec<NoiseI>;
using NoiseVU = hn::Vec<NoiseU>;

HWY_INLINE NoiseVF FloatOf(NoiseVU bits) { return hn::ConvertTo(NoiseF(), hn::BitCast(NoiseI(), bits)); }

// Polynomials of Cephes.
HWY_INLINE NoiseVF Polynomial(NoiseVF x, const float* coefficients, int count) {
  auto sum = hn::Set(NoiseF(), coefficients[0]);
  for (int i = 1; i < count; ++i) sum = hn::MulAdd(sum, x, hn::Set(NoiseF(), coefficients[i]));
  return sum;
}

// The logarithm of 1 + f times 2 to the power of `exponent`, for f in [sqrt(1/2) - 1, sqrt(2) - 1].
HWY_INLINE NoiseVF Log(NoiseVF f, NoiseVF exponent) {
  constexpr float p[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,  -1.2420140846e-1f, 1.4249322787e-1f,
                         -1.6668057665e-1f, 2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
  const NoiseF d;
  const auto square = hn::Mul(f, f);
  auto rest = hn::Mul(hn::Mul(Polynomial(f, p, 9), f), square);
  rest = hn::MulAdd(exponent, hn::Set(d, -2.12194440e-4f), rest);
  rest = hn::MulAdd(square, hn::Set(d, -0.5f), rest);
  return hn::MulAdd(exponent, hn::Set(d, 0.693359375f), hn::Add(f, rest));
}

struct Scaled {
  NoiseVF f, exponent;
};
// A positive number as (1 + f) * 2 ^ exponent, its logarithm's parts.
HWY_INLINE Scaled Split(NoiseVF x) {
  const NoiseI di;
  const NoiseF d;
  // Bits from those of sqrt(1/2) on count whole powers of two.
  const auto root = hn::Set(di, 0x3F3504F3);
  const auto power = hn::And(hn::Sub(hn::BitCast(di, x), root), hn::Set(di, static_cast<int32_t>(0xFF800000)));
  const auto mantissa = hn::BitCast(d, hn::Sub(hn::BitCast(di, x), power));
  return {hn::Sub(mantissa, hn::Set(d, 1.0f)), hn::ConvertTo(d, hn::ShiftRight<23>(power))};
}

HWY_INLINE NoiseVF Radius(NoiseVF log) { return hn::Sqrt(hn::Mul(hn::Set(NoiseF(), -2.0f), log)); }

struct Normals {
  NoiseVF cosine, sine;
};
// The angle in 2^32nds of a full turn.
HWY_INLINE Normals OnCircle(NoiseVF radius, NoiseVU turn) {
  constexpr float sine[] = {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f};
  constexpr float cosine[] = {2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f};
  const NoiseF d;
  const NoiseU du;
  // Quarters, to the nearest, and what is left of the angle.
  const auto quarter = hn::ShiftRight<30>(hn::Add(turn, hn::Set(du, 1u << 29)));
  const auto rest = FloatOf(hn::Sub(turn, hn::ShiftLeft<30>(quarter)));
  const auto x = hn::Mul(rest, hn::Set(d, 1.4629180792671596e-9f));  // 2 pi / 2^32
  const auto z = hn::Mul(x, x);
  const auto s = hn::MulAdd(hn::Mul(Polynomial(z, sine, 3), z), x, x);
  const auto c = hn::Add(hn::MulAdd(hn::Mul(Polynomial(z, cosine, 3), z), z, hn::Mul(z, hn::Set(d, -0.5f))), hn::Set(d, 1.0f));
  const auto swapped = hn::MaskFromVec(hn::BitCast(d, hn::Sub(hn::Zero(du), hn::And(quarter, hn::Set(du, 1)))));
  const auto sign = [&](NoiseVU number) HWY_ATTR { return hn::BitCast(d, hn::ShiftLeft<30>(hn::And(number, hn::Set(du, 2)))); };
  return {hn::Mul(radius, hn::Xor(hn::IfThenElse(swapped, s, c), sign(hn::Add(quarter, hn::Set(du, 1))))),
          hn::Mul(radius, hn::Xor(hn::IfThenElse(swapped, c, s), sign(quarter)))};
}

// What noise makes of normal numbers, and where that is in doubt.
class Steps {
 public:
  explicit HWY_INLINE Steps(const Noise& noise)
      : factor_(hn::Set(NoiseF(), noise.factor)),
        offset_(hn::Set(NoiseF(), noise.offset)),
        // Both sides err by less than 1e-5 (a third of that was seen), and their products are rounded.
        doubt_(hn::Set(NoiseF(), noise.factor * 2e-5f + (noise.factor * 9 + std::abs(noise.offset)) * 0x1p-22f)) {}

  struct Step {
    NoiseVI step;
    hn::Mask<NoiseF> doubtful;
  };
  HWY_INLINE Step operator()(NoiseVF normal) const {
    const NoiseF d;
    const auto number = hn::Add(hn::Mul(normal, factor_), offset_);
    const auto whole = hn::Round(number);
    const auto near = hn::Lt(hn::Abs(hn::Sub(number, whole)), doubt_);
    return {hn::ConvertTo(NoiseI(), number), hn::And(near, hn::Ne(whole, hn::Zero(d)))};  // around 0 all is cut to 0
  }

 private:
  NoiseVF factor_, offset_, doubt_;
};

// Levels and steps are as many numbers of 16 bits.
template <class D16>
HWY_INLINE void AddSteps(D16 d, hn::Vec<D16> steps, bool clip, const uint8_t* in, uint8_t* out) {
  const hn::Rebind<uint8_t, D16> d8;
  auto sum = hn::Add(hn::PromoteTo(d, hn::LoadU(d8, in)), steps);
  if (!clip) sum = hn::And(sum, hn::Set(d, 255));
  hn::StoreU(hn::DemoteTo(d8, sum), d8, out);
}

// Adds the indices first, first + step, ... of lanes that are in doubt.
HWY_INLINE void Note(hn::Mask<NoiseF> mask, int64_t first, int32_t step, int32_t* doubtful, int64_t& count) {
  const NoiseI d;
  if (HWY_LIKELY(hn::AllFalse(NoiseF(), mask))) return;
  const auto indices = hn::Add(hn::Mul(hn::Iota(d, 0), hn::Set(d, step)), hn::Set(d, static_cast<int32_t>(first)));
  count += static_cast<int64_t>(hn::CompressBlendedStore(indices, hn::RebindMask(d, mask), d, doubtful + count));
}

int64_t AddNoiseBySixteens(const uint32_t* words, int64_t count, const uint8_t* in, const Noise& noise, uint8_t* out,
                           int32_t* doubtful) {
  const NoiseU du;
  const hn::Rebind<int16_t, NoiseF> d16;
  const auto lanes = static_cast<int64_t>(hn::Lanes(du));
  const Steps steps(noise);
  const auto mask = hn::Set(du, 0xFFFFFFu);
  int64_t found = 0;
  for (int64_t block = 0; block < count; block += 16) {
    for (int64_t i = block; i < block + 8; i += lanes) {
      const auto radius = hn::And(Tempered(du, hn::LoadU(du, words + i)), mask);
      const auto angle = Tempered(du, hn::LoadU(du, words + i + 8));
      // 1 - u is not 0, as u is not 1.
      const auto [f, exponent] = Split(hn::Mul(FloatOf(hn::Sub(hn::Set(du, 1u << 24), radius)), hn::Set(NoiseF(), 0x1p-24f)));
      const auto normals = OnCircle(Radius(Log(f, exponent)), hn::ShiftLeft<8>(angle));
      const auto first = steps(normals.cosine), second = steps(normals.sine);
      AddSteps(d16, hn::DemoteTo(d16, first.step), noise.clip, in + i, out + i);
      AddSteps(d16, hn::DemoteTo(d16, second.step), noise.clip, in + i + 8, out + i + 8);
      Note(first.doubtful, i, 1, doubtful, found);
      Note(second.doubtful, i + 8, 1, doubtful, found);
    }
  }
  return found;
}

#if HWY_TARGET == HWY_SCALAR  // whose vectors of one lane hold no pair

int64_t AddNoiseByPairs(const uint32_t*, int64_t count, const uint8_t*, const Noise&, uint8_t*, int32_t* doubtful) {
  for (int64_t i = 0; i < count; ++i) doubtful[i] = static_cast<int32_t>(i);
  return count;
}

#else

int64_t AddNoiseByPairs(const uint32_t* words, int64_t count, const uint8_t* in, const Noise& noise, uint8_t* out,
                        int32_t* doubtful) {
  const NoiseF d;
  const NoiseU du;
  const hn::Repartition<int16_t, NoiseF> d16;
  const auto pairs = static_cast<int64_t>(hn::Lanes(du));
  const Steps steps(noise);
  const auto upper_mask = hn::Set(du, (1u << 21) - 1), whole = hn::Set(du, 1u << 24);
  int64_t found = 0, i = 0;
  for (; i + 2 * pairs <= count; i += 2 * pairs) {
    // Of either number u, 53 bits: the lower 21 of the first word, then the second word.
    NoiseVU angle_upper, angle_lower, upper, lower;
    hn::LoadInterleaved4(du, words + 2 * i, angle_upper, angle_lower, upper, lower);
    angle_upper = Tempered(du, angle_upper);
    angle_lower = Tempered(du, angle_lower);
    upper = hn::And(Tempered(du, upper), upper_mask);
    lower = hn::ShiftRight<8>(Tempered(du, lower));
    // log(1 - u): of small u by u itself, else by what is left of 1, so that neither loses digits. Of the 53 bits 45 are used,
    // which are too few when the upper ones are all alike.
    const auto u = hn::MulAdd(FloatOf(upper), hn::Set(d, 0x1p-21f), hn::Mul(FloatOf(lower), hn::Set(d, 0x1p-45f)));
    const auto left = hn::MulAdd(FloatOf(hn::Xor(upper, upper_mask)), hn::Set(d, 0x1p-21f),
                                 hn::Mul(FloatOf(hn::Sub(whole, lower)), hn::Set(d, 0x1p-45f)));
    const auto small = hn::Lt(u, hn::Set(d, 0.25f));
    const auto [f, exponent] = Split(left);
    const auto log = Log(hn::IfThenElse(small, hn::Neg(u), f), hn::IfThenZeroElse(small, exponent));
    const auto alike = hn::Or(hn::Eq(upper, hn::Zero(du)), hn::Eq(upper, upper_mask));
    const auto turn = hn::Or(hn::ShiftLeft<11>(angle_upper), hn::ShiftRight<21>(angle_lower));
    const auto normals = OnCircle(Radius(log), turn);
    const auto first = steps(normals.cosine), second = steps(normals.sine);
    const auto both =
        hn::Or(hn::And(hn::BitCast(du, first.step), hn::Set(du, 0xFFFF)), hn::ShiftLeft<16>(hn::BitCast(du, second.step)));
    AddSteps(d16, hn::BitCast(d16, both), noise.clip, in + i, out + i);
    const auto unsure = hn::RebindMask(d, alike);
    Note(hn::Or(first.doubtful, unsure), i, 2, doubtful, found);
    Note(hn::Or(second.doubtful, unsure), i + 1, 2, doubtful, found);
  }
  for (; i < count; ++i) doubtful[found++] = static_cast<int32_t>(i);
  return found;
}

#endif

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(AddNoiseBySixteens);
HWY_EXPORT(AddNoiseByPairs);

int64_t add_noise_by_sixteens(const uint32_t* words, int64_t count, const uint8_t* in, const Noise& noise, uint8_t* out,
                              int32_t* doubtful) {
  return HWY_DYNAMIC_DISPATCH(AddNoiseBySixteens)(words, count, in, noise, out, doubtful);
}
int64_t add_noise_by_pairs(const uint32_t* words, int64_t count, const uint8_t* in, const Noise& noise, uint8_t* out,
                           int32_t* doubtful) {
  return HWY_DYNAMIC_DISPATCH(AddNoiseByPairs)(words, count, in, noise, out, doubtful);
}

}  // namespace opsis::inline v1::simd
#endif
