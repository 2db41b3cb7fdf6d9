#include "opsis/simd/jpeg.h"

#include <algorithm>
#include <cstring>

// Vectors are kept in arrays, which those whose length is not known to the compiler cannot be: NEON serves such machines.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/jpeg.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR  // vectors of a single lane, which g++ builds in place of emulated ones: libjpeg has better

bool jpeg_is_there() { return false; }
bool inverse_dct(int16_t*, const uint16_t*, int64_t, uint8_t*, ptrdiff_t) { return false; }
bool inverse_dct_to_two(int16_t*, const uint16_t*, int64_t, uint8_t*, uint8_t*) { return false; }
void widen(const uint8_t*, int64_t, uint8_t*) {}
void widen_between(const uint8_t*, const uint8_t*, int64_t, uint8_t*) {}
void to_rgb(const uint8_t*, const uint8_t*, const uint8_t*, int64_t, uint8_t*) {}

#else

bool jpeg_is_there() { return true; }

// ---- The inverse cosine transform ----
// One or two blocks a vector, each in lanes of its own. After Loeffler, Ligtenberg and Moschytz, "Practical Fast 1-D DCT
// Algorithms with 11 Multiplications" (1989), as libjpeg has it: fixed point of 13 bits, and 2 more between the passes. The
// products of two numbers are made and added by one instruction.

const hn::CappedTag<int16_t, 16> tag16;
const hn::RepartitionToWide<decltype(tag16)> tag32;
const hn::Rebind<uint8_t, decltype(tag16)> tag8;
using V16 = hn::Vec<decltype(tag16)>;
using V32 = hn::Vec<decltype(tag32)>;
constexpr size_t blocks_a_vector = hn::MaxLanes(tag16) / 8;

constexpr int fraction = 13, between = 2;

constexpr int fixed(double value) { return static_cast<int>(value * (1 << fraction) + (value < 0 ? -0.5 : 0.5)); }

struct Wide {
  V32 lower, upper;
};

HWY_INLINE Wide operator+(Wide a, Wide b) { return {hn::Add(a.lower, b.lower), hn::Add(a.upper, b.upper)}; }
HWY_INLINE Wide operator-(Wide a, Wide b) { return {hn::Sub(a.lower, b.lower), hn::Sub(a.upper, b.upper)}; }

HWY_INLINE V32 multiplied(V16 pairs, V16 factors) {
  auto second = hn::Zero(tag32);
  const auto first = hn::ReorderWidenMulAccumulate(tag32, pairs, factors, hn::Zero(tag32), second);
  return hn::RearrangeToOddPlusEven(first, second);
}

/// Two numbers a lane, to be multiplied.
struct Pairs {
  V16 lower, upper;
  HWY_INLINE Pairs(V16 a, V16 b) : lower(hn::InterleaveLower(tag16, a, b)), upper(hn::InterleaveUpper(tag16, a, b)) {}

  /// a * factor_a + b * factor_b
  HWY_INLINE Wide sum(int factor_a, int factor_b) const {
    const auto both = static_cast<uint32_t>(factor_a & 0xFFFF) | static_cast<uint32_t>(factor_b) << 16;
    const auto factors = hn::BitCast(tag16, hn::Set(tag32, static_cast<int32_t>(both)));
    return {multiplied(lower, factors), multiplied(upper, factors)};
  }
};

template <int shift>
HWY_INLINE V16 rounded(Wide sum) {
  const auto half = hn::Set(tag32, 1 << (shift - 1));
  return hn::ReorderDemote2To(tag16, hn::ShiftRight<shift>(hn::Add(sum.lower, half)),
                              hn::ShiftRight<shift>(hn::Add(sum.upper, half)));
}

/// One dimension of it: v[k] holds the k-th coefficients of eight columns, then their k-th samples.
template <int shift>
HWY_INLINE void transform(V16 (&v)[8]) {
  constexpr int c0_298 = fixed(0.298631336), c0_390 = fixed(0.390180644), c0_541 = fixed(0.541196100),
                c0_765 = fixed(0.765366865), c0_899 = fixed(0.899976223), c1_175 = fixed(1.175875602),
                c1_501 = fixed(1.501321110), c1_847 = fixed(1.847759065), c1_961 = fixed(1.961570560),
                c2_053 = fixed(2.053119869), c2_562 = fixed(2.562915447), c3_072 = fixed(3.072711026);
  const auto zero = hn::Zero(tag16);

  const Pairs two_six(v[2], v[6]);
  const auto even2 = two_six.sum(c0_541, c0_541 - c1_847), even3 = two_six.sum(c0_541 + c0_765, c0_541);
  const auto even0 = Pairs(hn::Add(v[0], v[4]), zero).sum(1 << fraction, 0);
  const auto even1 = Pairs(hn::Sub(v[0], v[4]), zero).sum(1 << fraction, 0);
  const auto outer = even0 + even3, outer_end = even0 - even3, inner = even1 + even2, inner_end = even1 - even2;

  const Pairs sums(hn::Add(v[7], v[3]), hn::Add(v[5], v[1]));
  const auto z3 = sums.sum(c1_175 - c1_961, c1_175), z4 = sums.sum(c1_175, c1_175 - c0_390);
  const Pairs seven_one(v[7], v[1]), five_three(v[5], v[3]);
  const auto odd0 = seven_one.sum(c0_298 - c0_899, -c0_899) + z3, odd3 = seven_one.sum(-c0_899, c1_501 - c0_899) + z4;
  const auto odd1 = five_three.sum(c2_053 - c2_562, -c2_562) + z4, odd2 = five_three.sum(-c2_562, c3_072 - c2_562) + z3;

  v[0] = rounded<shift>(outer + odd3);
  v[7] = rounded<shift>(outer - odd3);
  v[1] = rounded<shift>(inner + odd2);
  v[6] = rounded<shift>(inner - odd2);
  v[2] = rounded<shift>(inner_end + odd1);
  v[5] = rounded<shift>(inner_end - odd1);
  v[3] = rounded<shift>(outer_end + odd0);
  v[4] = rounded<shift>(outer_end - odd0);
}

/// Each block's rows to columns.
HWY_INLINE void transpose(V16 (&v)[8]) {
  const hn::RepartitionToWide<decltype(tag32)> tag64;
  V16 a[8];
  V32 b[8];
  for (size_t k = 0; k < 4; ++k) {
    a[2 * k] = hn::InterleaveLower(tag16, v[2 * k], v[2 * k + 1]);
    a[2 * k + 1] = hn::InterleaveUpper(tag16, v[2 * k], v[2 * k + 1]);
  }
  for (size_t k = 0; k < 2; ++k) {
    for (size_t half = 0; half < 2; ++half) {
      const auto above = hn::BitCast(tag32, a[4 * k + half]), below = hn::BitCast(tag32, a[4 * k + 2 + half]);
      b[4 * k + 2 * half] = hn::InterleaveLower(tag32, above, below);
      b[4 * k + 2 * half + 1] = hn::InterleaveUpper(tag32, above, below);
    }
  }
  for (size_t k = 0; k < 4; ++k) {
    const auto above = hn::BitCast(tag64, b[k]), below = hn::BitCast(tag64, b[4 + k]);
    v[2 * k] = hn::BitCast(tag16, hn::InterleaveLower(tag64, above, below));
    v[2 * k + 1] = hn::BitCast(tag16, hn::InterleaveUpper(tag64, above, below));
  }
}

/// What any of many numbers has of bits, but for their signs.
struct Magnitude {
  V16 bits;
  HWY_INLINE void add(V16 number) { bits = hn::Or(bits, hn::Abs(number)); }
  HWY_INLINE void add(const V16 (&numbers)[8]) {
    for (const auto number : numbers) add(number);
  }
  HWY_INLINE bool is_below(int power_of_two) const {
    return hn::AllTrue(tag16, hn::Eq(hn::And(bits, hn::Set(tag16, static_cast<int16_t>(-power_of_two))), hn::Zero(tag16)));
  }
};

bool inverse_dct(int16_t* coefficients, const uint16_t* quantization, int64_t pairs, uint8_t* out, ptrdiff_t out_stride) {
  const auto middle = hn::Set(tag16, 128), zero = hn::Zero(tag16);
  const auto spread = hn::Set(tag16, 0x0100);  // the first two bytes of a block, again and again
  HWY_ALIGN constexpr int16_t first_of_block[16] = {-1, 0, 0, 0, 0, 0, 0, 0, -1};
  const auto first = hn::Load(tag16, first_of_block);
  auto overflow = zero;
  Magnitude before_a_pass{zero}, samples{zero};
  HWY_ALIGN int16_t factors[8 * 16];
  for (size_t row = 0; row < 8; ++row) {
    for (size_t i = 0; i < 16; ++i) factors[16 * row + i] = static_cast<int16_t>(quantization[8 * row + i % 8]);
  }
  for (int64_t block = 0; block < 2 * pairs; block += blocks_a_vector) {
    auto* const from = coefficients + block / 2 * jpeg_pair + block % 2 * 8;
    V16 v[8];
    for (size_t row = 0; row < 8; ++row) {
      v[row] = hn::LoadU(tag16, from + 16 * row);
      hn::StoreU(zero, tag16, from + 16 * row);
    }
    const auto rest = hn::Or(hn::Or(hn::Or(v[1], v[2]), hn::Or(v[3], v[4])), hn::Or(hn::Or(v[5], v[6]), v[7]));
    const bool flat = hn::AllTrue(tag16, hn::Eq(hn::Or(rest, hn::AndNot(first, v[0])), zero));
    for (size_t row = 0; row < (flat ? 1U : 8U); ++row) {
      const auto factor = hn::Load(tag16, factors + 16 * row), product = hn::Mul(v[row], factor);
      overflow = hn::Or(overflow, hn::Xor(hn::MulHigh(v[row], factor), hn::ShiftRight<15>(product)));
      v[row] = product;
      before_a_pass.add(product);
    }
    if (flat) {  // as most of the sky: the passes would give this
      const auto twice = hn::SaturatedAdd(v[0], v[0]), sample = hn::SaturatedAdd(twice, twice);
      const auto eight = hn::TableLookupBytes(hn::ShiftRight<5>(hn::SaturatedAdd(sample, hn::Set(tag16, 16))), spread);
      samples.add(eight);
      const auto bytes = hn::DemoteTo(tag8, hn::SaturatedAdd(eight, middle));
      for (int row = 0; row < 8; ++row) hn::StoreU(bytes, tag8, out + row * out_stride + 8 * block);
      continue;
    }
    transform<fraction - between>(v);
    before_a_pass.add(v);
    transpose(v);
    transform<fraction + between + 3>(v);
    samples.add(v);
    transpose(v);
    for (int row = 0; row < 8; ++row) {
      hn::StoreU(hn::DemoteTo(tag8, hn::SaturatedAdd(v[row], middle)), tag8, out + row * out_stride + 8 * block);
    }
  }
  // So the sum of two is one of 16 bits; and what libjpeg does in plain C turns samples around beyond 2^9.
  return hn::AllTrue(tag16, hn::Eq(overflow, zero)) && before_a_pass.is_below(1 << 14) && samples.is_below(1 << 9);
}

// Plain loops, which the compiler turns into vectors: 13 bits of fraction, 2 more between the passes. Unsigned, since what is
// too large may overflow before that is known.
bool inverse_dct_to_two(int16_t* coefficients, const uint16_t* quantization, int64_t pairs, uint8_t* above, uint8_t* below) {
  using U32 = uint32_t;
  constexpr auto c1 = U32{29692}, c3 = static_cast<U32>(-10426), c5 = U32{6967}, c7 = static_cast<U32>(-5906);
  int factors[8][16];
  for (size_t row = 0; row < 8; ++row) {
    for (size_t i = 0; i < 16; ++i) factors[row][i] = quantization[8 * row + i % 8];
  }
  U32 too_large = 0;
  for (int64_t pair = 0; pair < pairs; ++pair, coefficients += jpeg_pair) {
    U32 rows[2][16];
    for (size_t i = 0; i < 16; ++i) {
      const auto at = [&](size_t row) {
        const int value = coefficients[16 * row + i] * factors[row][i];
        too_large |= static_cast<U32>(value + (1 << 13)) >> 14;
        return static_cast<U32>(value);
      };
      const U32 even = (at(0) << 15) + (1 << 12), odd = at(1) * c1 + at(3) * c3 + at(5) * c5 + at(7) * c7;
      rows[0][i] = static_cast<U32>(static_cast<int32_t>(even + odd) >> 13);
      rows[1][i] = static_cast<U32>(static_cast<int32_t>(even - odd) >> 13);
      too_large |= (rows[0][i] + (1 << 14)) >> 15 | (rows[1][i] + (1 << 14)) >> 15;
    }
    std::memset(coefficients, 0, 128 * sizeof *coefficients);
    for (int64_t block = 0; block < 2; ++block) {
      for (int y = 0; y < 2; ++y) {
        const auto* const row = rows[y] + 8 * block;
        const U32 even = (row[0] << 15) + (1 << 19), odd = row[1] * c1 + row[3] * c3 + row[5] * c5 + row[7] * c7;
        const auto sample = [&](U32 sum) {
          const int value = static_cast<int32_t>(sum) >> 20;
          too_large |= static_cast<U32>(value + (1 << 9)) >> 10;
          return static_cast<uint8_t>(std::clamp(value + 128, 0, 255));
        };
        auto* const out = (y == 0 ? above : below) + 4 * pair + 2 * block;
        out[0] = sample(even + odd);
        out[1] = sample(even - odd);
      }
    }
  }
  return too_large == 0;
}

// ---- Upsampling ----

constexpr int64_t chunk = 1024;  // samples widened at once

/// `sums` may be read one before and one behind `count`. Each gives two: with its left neighbor and with its right one.
template <int shift, int left_half, int right_half>
HWY_INLINE void mix(const int16_t* sums, int64_t count, uint8_t* out) {
  const hn::Full128<int16_t> d16;
  const hn::Full128<uint8_t> d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d16));
  const auto eight = [&](int64_t i, uint8_t* to) HWY_ATTR {
    const auto here = hn::LoadU(d16, sums + i), three = hn::Add(here, hn::Add(here, here));
    const auto left = hn::Add(hn::Add(three, hn::LoadU(d16, sums + i - 1)), hn::Set(d16, left_half));
    const auto right = hn::Add(hn::Add(three, hn::LoadU(d16, sums + i + 1)), hn::Set(d16, right_half));
    // Neither is over 255, so the right one becomes the second byte of each.
    const auto both = hn::Or(hn::ShiftRight<shift>(left), hn::ShiftLeft<8>(hn::ShiftRight<shift>(right)));
    hn::StoreU(hn::BitCast(d8, both), d8, to);
  };
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) eight(i, out + 2 * i);
  if (i < count) {
    HWY_ALIGN uint8_t rest[16];
    eight(i, rest);
    std::memcpy(out + 2 * i, rest, static_cast<size_t>(2 * (count - i)));
  }
}

/// Calls make(i) for each vector of sums, in chunks that stay in the nearest cache, and mixes them.
template <int shift, int left_half, int right_half, class Sum>
HWY_INLINE void widen_by(const Sum& sum, int64_t count, uint8_t* out) {
  HWY_ALIGN int16_t memory[chunk + 64];
  auto* const sums = memory + 16;
  for (int64_t begin = 0; begin < count; begin += chunk) {
    const auto end = std::min(begin + chunk, count);
    const auto first = std::max<int64_t>(begin - 1, 0), last = std::min(end + 1, count);
    for (int64_t i = first; i < last; ++i) sums[i - begin] = sum(i);
    if (begin == 0) sums[-1] = sums[0];
    if (end == count) sums[end - begin] = sums[end - begin - 1];
    mix<shift, left_half, right_half>(sums, end - begin, out + 2 * begin);
  }
}

void widen(const uint8_t* row, int64_t count, uint8_t* out) {
  widen_by<2, 1, 2>([&](int64_t i) { return int16_t{row[i]}; }, count, out);
}

void widen_between(const uint8_t* near, const uint8_t* far, int64_t count, uint8_t* out) {
  widen_by<4, 8, 7>([&](int64_t i) { return static_cast<int16_t>(3 * near[i] + far[i]); }, count, out);
}

// ---- Colours ----

/// (factor * value + 1/2) >> 16, of small values and a factor of 16 bits.
HWY_INLINE V16 scaled(V16 value, int factor) {
  const auto product = hn::MulHigh(hn::Add(value, value), hn::Set(tag16, static_cast<int16_t>(factor)));
  return hn::ShiftRight<1>(hn::Add(product, hn::Set(tag16, 1)));
}

void to_rgb(const uint8_t* y, const uint8_t* cb, const uint8_t* cr, int64_t count, uint8_t* rgb) {
  // ITU-R BT.601 in 16 bits of fraction, as libjpeg has it. What is over a signed number of 16 bits is done apart: 1.402 is
  // 1 + 26345 / 65536, 1.772 is 2 - 14942 / 65536, and -0.71414 is -1 + 18734 / 65536.
  constexpr int red = 26345, blue = -14942, green_of_cb = -22554, green_of_cr = 18734;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag16));
  const auto middle = hn::Set(tag16, 128);
  const auto half = hn::Set(tag32, 1 << 15);
  const auto some = [&](const uint8_t* at_y, const uint8_t* at_cb, const uint8_t* at_cr, uint8_t* out) HWY_ATTR {
    const auto load = [&](const uint8_t* from) HWY_ATTR { return hn::PromoteTo(tag16, hn::LoadU(tag8, from)); };
    const auto light = load(at_y), b = hn::Sub(load(at_cb), middle), r = hn::Sub(load(at_cr), middle);
    const auto green = Pairs(b, r).sum(green_of_cb, green_of_cr);
    const auto of_both = hn::ReorderDemote2To(tag16, hn::ShiftRight<16>(hn::Add(green.lower, half)),
                                              hn::ShiftRight<16>(hn::Add(green.upper, half)));
    hn::StoreInterleaved3(hn::DemoteTo(tag8, hn::Add(light, hn::Add(r, scaled(r, red)))),
                          hn::DemoteTo(tag8, hn::Add(light, hn::Sub(of_both, r))),
                          hn::DemoteTo(tag8, hn::Add(light, hn::Add(hn::Add(b, b), scaled(b, blue)))), tag8, out);
  };
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) some(y + i, cb + i, cr + i, rgb + 3 * i);
  if (i < count) {
    HWY_ALIGN uint8_t in[3][16] = {};
    HWY_ALIGN uint8_t out[48];
    const auto rest = static_cast<size_t>(count - i);
    std::memcpy(in[0], y + i, rest);
    std::memcpy(in[1], cb + i, rest);
    std::memcpy(in[2], cr + i, rest);
    some(in[0], in[1], in[2], out);
    std::memcpy(rgb + 3 * i, out, 3 * rest);
  }
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace opsis::inline v1::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace opsis::inline v1::simd {

HWY_EXPORT(jpeg_is_there);
HWY_EXPORT(inverse_dct);
HWY_EXPORT(inverse_dct_to_two);
HWY_EXPORT(widen);
HWY_EXPORT(widen_between);
HWY_EXPORT(to_rgb);

bool has_jpeg() { return HWY_DYNAMIC_DISPATCH(jpeg_is_there)(); }

bool jpeg_inverse_dct(int16_t* coefficients, const uint16_t* quantization, int64_t pairs, uint8_t* out, ptrdiff_t out_stride) {
  return HWY_DYNAMIC_DISPATCH(inverse_dct)(coefficients, quantization, pairs, out, out_stride);
}

bool jpeg_inverse_dct_to_two(int16_t* coefficients, const uint16_t* quantization, int64_t pairs, uint8_t* above,
                             uint8_t* below) {
  return HWY_DYNAMIC_DISPATCH(inverse_dct_to_two)(coefficients, quantization, pairs, above, below);
}

void jpeg_widen(const uint8_t* row, int64_t count, uint8_t* out) { HWY_DYNAMIC_DISPATCH(widen)(row, count, out); }

void jpeg_widen(const uint8_t* near, const uint8_t* far, int64_t count, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(widen_between)(near, far, count, out);
}

void jpeg_to_rgb(const uint8_t* y, const uint8_t* cb, const uint8_t* cr, int64_t count, uint8_t* rgb) {
  HWY_DYNAMIC_DISPATCH(to_rgb)(y, cb, cr, count, rgb);
}

}  // namespace opsis::inline v1::simd

#endif
