#include "opsis/simd/resize_kernels.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/resize_kernels.cpp"
#define HWY_WANT_AVX3_DL  // it moves bytes anywhere within 64 or 128
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

uint8_t to_byte(int32_t sum, int precision) {
  return static_cast<uint8_t>(std::clamp((sum + (1 << (precision - 1))) >> precision, 0, 255));
}

// Pixels [x, last) of a row, one after the other.
void one_by_one(const RowsToResize& job, int64_t row, int64_t x, int64_t last) {
  for (; x < last; ++x) {
    for (int64_t channel = 0; channel < job.channels; ++channel) {
      int32_t sum = 0;
      for (int64_t k = 0; k < job.taps; ++k) {
        const int16_t weight = job.weights[x * job.taps + k];
        if (weight != 0) sum += weight * job.rows[row][(job.first[x] + k) * job.channels + channel];  // others may be beyond
      }
      job.out[row][x * job.channels + channel] = to_byte(sum, job.precision);
    }
  }
}

#if HWY_TARGET == HWY_SCALAR  // vectors of a single lane, which g++ builds in place of emulated ones

void horizontal(const RowsToResize& job) {
  for (int64_t row = 0; row < job.count; ++row) one_by_one(job, row, 0, job.width);
}

void vertical(const uint8_t* const* rows, const int16_t* weights, int64_t count, int precision, int64_t begin, int64_t end,
              uint8_t* out) {
  for (int64_t i = begin; i < end; ++i) {
    int32_t sum = 0;
    for (int64_t k = 0; k < count; ++k) sum += weights[k] * rows[k][i];
    out[i] = to_byte(sum, precision);
  }
}

#else

// Two vectors of 32-bit sums as one of 16-bit numbers, shifted down and saturated. On x86 the 128-bit blocks of the two
// alternate.
template <class D16, class V32>
HWY_INLINE hn::Vec<D16> narrowed(D16 d16, V32 low, V32 high, int precision) {
  return hn::ReorderDemote2To(d16, hn::ShiftRightSame(low, precision), hn::ShiftRightSame(high, precision));
}

// sum + the products of each pair of neighbours. Targets without that instruction spread them over two sums.
template <class V16, class V32>
HWY_INLINE V32 add_products(V16 a, V16 b, V32 sum) {
  const hn::DFromV<V32> d32;
  auto second = hn::Zero(d32);
  const auto first = hn::ReorderWidenMulAccumulate(d32, a, b, hn::Zero(d32), second);
  return hn::Add(sum, hn::RearrangeToOddPlusEven(first, second));
}

// out[i] = the sum of weights[k] * row(k)[i], of an even number of rows, for each lane i. Even columns and odd ones of two rows
// are interleaved, so that one instruction multiplies the two numbers of a column by their weights and adds.
template <class D8, class Row>
HWY_INLINE void weighted(D8 d8, const Row& row, const int16_t* weights, int64_t count, int precision, uint8_t* out) {
  const hn::Repartition<uint16_t, D8> du16;
  const hn::Repartition<int16_t, D8> d16;
  const hn::Repartition<int32_t, D8> d32;
  const auto byte = hn::Set(du16, 0xFF);
  auto even0 = hn::Set(d32, 1 << (precision - 1)), even1 = even0, odd0 = even0, odd1 = even0;  // a half: what follows cuts off
  for (int64_t k = 0; k < count; k += 2) {
    int32_t both;
    std::memcpy(&both, weights + k, sizeof(both));
    const auto w = hn::BitCast(d16, hn::Set(d32, both));
    const auto a = hn::BitCast(du16, hn::LoadU(d8, row(k))), b = hn::BitCast(du16, hn::LoadU(d8, row(k + 1)));
    const auto a_even = hn::And(a, byte), b_even = hn::And(b, byte);
    const auto a_odd = hn::ShiftRight<8>(a), b_odd = hn::ShiftRight<8>(b);
    even0 = add_products(hn::BitCast(d16, hn::InterleaveLower(du16, a_even, b_even)), w, even0);
    even1 = add_products(hn::BitCast(d16, hn::InterleaveUpper(du16, a_even, b_even)), w, even1);
    odd0 = add_products(hn::BitCast(d16, hn::InterleaveLower(du16, a_odd, b_odd)), w, odd0);
    odd1 = add_products(hn::BitCast(d16, hn::InterleaveUpper(du16, a_odd, b_odd)), w, odd1);
  }
  const auto levels = [&](auto low, auto high) HWY_ATTR {
    return hn::Min(hn::Max(narrowed(d16, low, high, precision), hn::Zero(d16)), hn::Set(d16, 255));
  };
  const auto mixed = hn::Or(levels(even0, even1), hn::ShiftLeft<8>(levels(odd0, odd1)));
  hn::StoreU(hn::BitCast(d8, mixed), d8, out);
}

// ---- Along the columns ----

#if HWY_TARGET <= HWY_AVX3

// Interleaving twice puts four columns of a block into a vector, with the two numbers of each beside each other; narrowing takes
// that back by itself.
template <int kPairs>
void vertical_of(const uint8_t* const* rows, const int16_t* weights, int precision, int64_t begin, int64_t end, uint8_t* out) {
  __m512i w[kPairs];
  for (int64_t k = 0; k < kPairs; ++k) {
    int32_t both;
    std::memcpy(&both, weights + 2 * k, sizeof(both));
    w[k] = _mm512_set1_epi32(both);
  }
  const auto half = _mm512_set1_epi32(1 << (precision - 1)), zero = _mm512_setzero_si512();
  const auto shift = _mm_cvtsi32_si128(precision);
  for (int64_t i = begin; i < end; i += 64) {
    __m512i sums[4] = {half, half, half, half};
    for (int64_t k = 0; k < kPairs; ++k) {
      const auto a = _mm512_loadu_si512(rows[2 * k] + i), b = _mm512_loadu_si512(rows[2 * k + 1] + i);
      const __m512i halves[2] = {_mm512_unpacklo_epi8(a, b), _mm512_unpackhi_epi8(a, b)};
      for (int64_t v = 0; v < 4; ++v) {
        const auto pairs = v % 2 == 0 ? _mm512_unpacklo_epi8(halves[v / 2], zero) : _mm512_unpackhi_epi8(halves[v / 2], zero);
        sums[v] = _mm512_add_epi32(sums[v], _mm512_madd_epi16(pairs, w[k]));
      }
    }
    for (auto& sum : sums) sum = _mm512_sra_epi32(sum, shift);
    const auto low = _mm512_packs_epi32(sums[0], sums[1]), high = _mm512_packs_epi32(sums[2], sums[3]);
    _mm512_storeu_si512(out + i, _mm512_packus_epi16(low, high));
  }
}

bool vertical_of_few(const uint8_t* const* rows, const int16_t* weights, int64_t count, int precision, int64_t begin,
                     int64_t end, uint8_t* out) {
  switch (count) {
    case 2: vertical_of<1>(rows, weights, precision, begin, end, out); return true;
    case 4: vertical_of<2>(rows, weights, precision, begin, end, out); return true;
    case 6: vertical_of<3>(rows, weights, precision, begin, end, out); return true;
    case 8: vertical_of<4>(rows, weights, precision, begin, end, out); return true;
    default: return false;
  }
}

#else

bool vertical_of_few(const uint8_t* const*, const int16_t*, int64_t, int, int64_t, int64_t, uint8_t*) { return false; }

#endif

// Rows may be read a vector beyond `end`, and out written.
void vertical(const uint8_t* const* rows, const int16_t* weights, int64_t count, int precision, int64_t begin, int64_t end,
              uint8_t* out) {
  if (vertical_of_few(rows, weights, count, precision, begin, end, out)) return;
  const hn::CappedTag<uint8_t, 64> d8;
  for (int64_t i = begin; i < end; i += static_cast<int64_t>(hn::Lanes(d8))) {
    weighted(
        d8, [&](int64_t k) { return rows[k] + i; }, weights, count, precision, out + i);
  }
}

// ---- Along a row ----
// Many rows at once, turned on their side: what is beside each other then has the same weight, as it has along the columns.

// 16 vectors with 16 bytes in each block: byte c of vector r goes to byte r of vector c, block by block. Each round moves one
// bit of r to c.
template <class D8, class V = hn::Vec<D8>>
HWY_INLINE void transpose_blocks(D8 d8, V (&v)[16]) {
  for (int round = 0; round < 4; ++round) {
    V next[16];
    for (int i = 0; i < 8; ++i) {
      next[2 * i] = hn::InterleaveLower(d8, v[i], v[i + 8]);
      next[2 * i + 1] = hn::InterleaveUpper(d8, v[i], v[i + 8]);
    }
    for (int i = 0; i < 16; ++i) v[i] = next[i];
  }
}

// Vectors of 32 bytes hold a row and the sixteenth after it.
#if HWY_CAP_GE256
constexpr int64_t kTogether = 32;
#else
constexpr int64_t kTogether = 16;
#endif

template <size_t kRows>
HWY_INLINE hn::Vec<hn::CappedTag<uint8_t, kRows>> load_rows(const uint8_t* const* rows, int64_t at) {
  const hn::Full128<uint8_t> block;
  const auto first = hn::LoadU(block, rows[0] + at);
  if constexpr (kRows == 16) {
    return first;
  } else {
    return hn::Combine(hn::CappedTag<uint8_t, kRows>(), hn::LoadU(block, rows[16] + at), first);
  }
}

template <size_t kRows, class V>
HWY_INLINE void store_rows(V v, uint8_t* const* rows, int64_t at) {
  const hn::Full128<uint8_t> block;
  if constexpr (kRows == 16) {
    hn::StoreU(v, block, rows[0] + at);
  } else {
    hn::StoreU(hn::LowerHalf(block, v), block, rows[0] + at);
    hn::StoreU(hn::UpperHalf(block, v), block, rows[16] + at);
  }
}

// Bytes [at, at + 16) of rows, each `pitch` bytes behind the one before, a row's beside the next one's.
template <size_t kRows>
HWY_INLINE void to_columns(const uint8_t* const* rows, int64_t at, int64_t pitch, uint8_t* columns) {
  const hn::CappedTag<uint8_t, kRows> d8;
  hn::Vec<decltype(d8)> v[16];
  for (int i = 0; i < 16; ++i) v[i] = load_rows<kRows>(rows + i, at);
  transpose_blocks(d8, v);
  for (int i = 0; i < 16; ++i) hn::StoreU(v[i], d8, columns + i * pitch);
}

#if HWY_CAP_GE512
// Bytes [at, at + 32) of 32 rows.
HWY_INLINE void to_more_columns(const uint8_t* const* rows, int64_t at, int64_t pitch, uint8_t* columns) {
  const hn::CappedTag<uint8_t, 64> d8;
  const hn::Half<decltype(d8)> half;
  hn::Vec<decltype(d8)> v[16];
  for (int i = 0; i < 16; ++i) v[i] = hn::Combine(d8, load_rows<32>(rows + i, at + 16), load_rows<32>(rows + i, at));
  transpose_blocks(d8, v);
  for (int i = 0; i < 16; ++i) {
    hn::StoreU(hn::LowerHalf(half, v[i]), half, columns + i * pitch);
    hn::StoreU(hn::UpperHalf(half, v[i]), half, columns + (i + 16) * pitch);
  }
}
#endif

template <size_t kRows>
HWY_INLINE void to_rows(const uint8_t* columns, int64_t pitch, uint8_t* const* rows, int64_t at) {
  const hn::CappedTag<uint8_t, kRows> d8;
  hn::Vec<decltype(d8)> v[16];
  for (int i = 0; i < 16; ++i) v[i] = hn::LoadU(d8, columns + i * pitch);
  transpose_blocks(d8, v);
  for (int i = 0; i < 16; ++i) store_rows<kRows>(v[i], rows + i, at);
}

// body(how many rows go together, where they begin).
template <class Body>
HWY_INLINE void for_rows_together(int64_t count, const Body& body) {
  int64_t row = 0;
  for (; row + kTogether <= count; row += kTogether) body(std::integral_constant<size_t, kTogether>(), row);
  if (row < count) body(std::integral_constant<size_t, 16>(), row);
}

// One pixel of all rows: `bytes` is a multiple of 16.
HWY_INLINE void one_pixel(const uint8_t* columns, int64_t stride, const int16_t* weights, int64_t taps, int precision,
                          int64_t bytes, uint8_t* out) {
  int64_t i = 0;
  const auto step = [&](auto d8) HWY_ATTR {
    const auto lanes = static_cast<int64_t>(hn::Lanes(d8));
    for (; i + lanes <= bytes; i += lanes) {
      weighted(
          d8, [&](int64_t k) { return columns + k * stride + i; }, weights, taps, precision, out + i);
    }
  };
  step(hn::CappedTag<uint8_t, 64>());
  if (i < bytes) step(hn::CappedTag<uint8_t, 32>());
  if (i < bytes) step(hn::Full128<uint8_t>());
}

#if HWY_CAP_GE256

// The tables that bring two taps' channels together: byte 2 * (2 * channel + tap); 0x80 gives 0.
constexpr std::array<uint8_t, 16> pair_table(int channels) {
  std::array<uint8_t, 16> table{};
  for (auto& byte : table) byte = 0x80;
  for (int channel = 0; channel < channels; ++channel) {
    for (int tap = 0; tap < 2; ++tap) {
      table[static_cast<size_t>(2 * (2 * channel + tap))] = static_cast<uint8_t>(channels * tap + channel);
    }
  }
  return table;
}

HWY_ALIGN constexpr std::array<uint8_t, 16> pairs_of_3 = pair_table(3), pairs_of_4 = pair_table(4);
HWY_ALIGN constexpr std::array<uint8_t, 16> without_fourth{0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0x80, 0x80, 0x80, 0x80};

// Pixels [0, last) of a row, a multiple of 4, that are made of two taps each: two pixels share a vector.
template <int kChannels>
void pixels_of_two(const RowsToResize job, int64_t row, int64_t last) {  // by value: what is written might else be part of it
  const hn::CappedTag<uint8_t, 32> d8;
  const hn::Repartition<int16_t, decltype(d8)> d16;
  const hn::Repartition<int32_t, decltype(d8)> d32;
  const hn::Full128<uint8_t> block8;
  const hn::Full128<int32_t> block32;
  const auto pairs = hn::LoadDup128(d8, kChannels == 3 ? pairs_of_3.data() : pairs_of_4.data());
  const auto half = hn::Set(d32, 1 << (job.precision - 1));
  const auto three = hn::LoadU(block8, without_fourth.data());
  const auto sums = [&](int64_t a, int64_t b) HWY_ATTR {
    const auto taps = [&](int64_t x) HWY_ATTR { return hn::LoadU(block8, job.rows[row] + job.first[x] * kChannels); };
    const auto weights = [&](int64_t x) HWY_ATTR {
      int32_t both;
      std::memcpy(&both, job.weights + 2 * x, sizeof(both));
      return hn::Set(block32, both);
    };
    const auto pixels = hn::TableLookupBytesOr0(hn::Combine(d8, taps(b), taps(a)), pairs);
    const auto w = hn::BitCast(d16, hn::Combine(d32, weights(b), weights(a)));
    return add_products(hn::BitCast(d16, pixels), w, half);
  };
  for (int64_t x = 0; x < last; x += 4) {
    const auto even = sums(x, x + 2), odd = sums(x + 1, x + 3);  // narrowing takes blocks in turns
    const auto bytes = hn::DemoteTo(block8, narrowed(d16, even, odd, job.precision));
    const auto kept = kChannels == 3 ? hn::TableLookupBytesOr0(bytes, three) : bytes;
    hn::StoreU(kept, block8, job.out[row] + x * kChannels);
  }
}

// Where few of the columns are needed, they are not all turned on their side.
bool resize_by_two(const RowsToResize& job) {
  if (job.taps > 2 || job.channels == 1 || 2 * (job.first[job.width - 1] - job.first[0]) < 3 * job.width) return false;
  int64_t last = job.width;  // whose 16 bytes lie within the row
  while (last > 0 && job.first[last - 1] * job.channels + 16 > job.bytes) --last;
  last -= last % 4;
  for (int64_t row = 0; row < job.count; ++row) {
    job.channels == 3 ? pixels_of_two<3>(job, row, last) : pixels_of_two<4>(job, row, last);
    one_by_one(job, row, last, job.width);
  }
  return true;
}

#else

bool resize_by_two(const RowsToResize&) { return false; }

#endif

#if HWY_TARGET <= HWY_AVX3_DL

constexpr int64_t kSums = 16, kWindow = 64;  // of a vector: sums, and bytes where they are looked up

// Of 16 numbers behind each other, of which the first is channel `phase` of a pixel: how many pixels further each lies, and which
// channel it is. Read from `phase` on.
struct Places {
  std::array<int32_t, 20> pixel, channel;
};

constexpr Places places_of(int channels) {
  Places places{};
  for (int i = 0; i < 20; ++i) {
    places.pixel[static_cast<size_t>(i)] = i / channels;
    places.channel[static_cast<size_t>(i)] = i % channels;
  }
  return places;
}

constexpr Places places_of_1 = places_of(1), places_of_3 = places_of(3), places_of_4 = places_of(4);

// Of at most 64 lanes; none of fewer than 0.
HWY_INLINE __mmask64 first_lanes(int64_t count) {
  return _bzhi_u64(~uint64_t{0}, static_cast<uint32_t>(std::clamp<int64_t>(count, 0, 64)));
}

// What 16 numbers of the result are made of. Taps 2 * k and 2 * k + 1 lie 2 * k pixels behind `from`.
template <int kPairs>
struct LookUp {
  int64_t from;  // the byte of the source where the window begins
  __m512i places;
  __m512i weights[kPairs];
};

// Those that begin with channel `phase` of pixel x. Beyond the last pixel, it again.
template <int kPairs>
HWY_INLINE LookUp<kPairs> look_up(const RowsToResize& job, const Places& places, int64_t x, int64_t phase) {
  x = std::min(x, job.width - 1);
  const auto there = static_cast<__mmask16>(first_lanes(job.width - x));
  const auto last = _mm512_set1_epi32(static_cast<int>(std::min(job.width - 1 - x, kSums)));
  const auto pixel = _mm512_min_epi32(_mm512_loadu_si512(places.pixel.data() + phase), last);
  const auto first = _mm512_permutexvar_epi32(pixel, _mm512_maskz_loadu_epi32(there, job.first + x));
  const auto channels = _mm512_set1_epi32(static_cast<int>(job.channels));
  const auto further = _mm512_mullo_epi32(_mm512_sub_epi32(first, _mm512_set1_epi32(job.first[x])), channels);
  const auto byte = _mm512_add_epi32(further, _mm512_loadu_si512(places.channel.data() + phase));
  LookUp<kPairs> out;
  out.from = job.first[x] * job.channels;
  out.places = _mm512_or_si512(byte, _mm512_slli_epi32(_mm512_add_epi32(byte, channels), 16));
  for (int64_t k = 0; k < kPairs; ++k) {
    out.weights[k] = _mm512_permutexvar_epi32(pixel, _mm512_maskz_loadu_epi32(there, job.pairs + k * job.width + x));
  }
  return out;
}

// 64 numbers at a time.
template <int kPairs>
void look_up_rows(const RowsToResize& job, const Places& places) {
  constexpr __mmask64 kLower = 0x5555555555555555;  // halves of 16-bit numbers
  const int64_t total = job.width * job.channels, step = 2 * job.channels;
  const auto half = _mm512_set1_epi32(1 << (job.precision - 1));
  const auto shift = _mm_cvtsi32_si128(job.precision);
  const auto in_order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const int64_t pixels = kSums / job.channels, over = kSums % job.channels;
  for (int64_t begin = 0, x = 0, phase = 0; begin < total; begin += 4 * kSums) {
    LookUp<kPairs> from[4];
    auto most = _mm512_setzero_si512();
    int64_t end = 0;
    for (auto& some : from) {
      some = look_up<kPairs>(job, places, x, phase);
      most = _mm512_max_epu8(most, some.places);
      end = some.from + (kPairs - 1) * step + kWindow;
      phase += over, x += pixels;
      if (phase >= job.channels) phase -= job.channels, ++x;
    }
    const bool wide = _mm512_cmpge_epu8_mask(most, _mm512_set1_epi8(kWindow)) != 0;
    const bool whole = total - begin >= 4 * kSums;
    const auto kept = first_lanes(total - begin);
    const auto rows = [&](const auto& bytes) HWY_ATTR {
      for (int64_t row = 0; row < job.wanted; ++row) {
        __m512i sums[4];
        for (int64_t v = 0; v < 4; ++v) {
          sums[v] = half;
          for (int64_t k = 0; k < kPairs; ++k) {
            const auto pairs = bytes(job.rows[row] + from[v].from + k * step, v, k);
            sums[v] = _mm512_add_epi32(sums[v], _mm512_madd_epi16(pairs, from[v].weights[k]));
          }
          sums[v] = _mm512_sra_epi32(sums[v], shift);
        }
        const auto mixed = _mm512_packus_epi16(_mm512_packs_epi32(sums[0], sums[1]), _mm512_packs_epi32(sums[2], sums[3]));
        const auto made = _mm512_permutexvar_epi32(in_order, mixed);
        if (whole) {
          _mm512_storeu_si512(job.out[row] + begin, made);
        } else {
          _mm512_mask_storeu_epi8(job.out[row] + begin, kept, made);
        }
      }
    };
    if (end <= job.bytes && !wide) {
      rows([&](const uint8_t* at, int64_t v, int64_t)
               HWY_ATTR { return _mm512_maskz_permutexvar_epi8(kLower, from[v].places, _mm512_loadu_si512(at)); });
      continue;
    }
    // What lies beyond the row is not read.
    __mmask64 there[4][kPairs], there_too[4][kPairs];
    for (int64_t v = 0; v < 4; ++v) {
      for (int64_t k = 0; k < kPairs; ++k) {
        const int64_t left = job.bytes - from[v].from - k * step;
        there[v][k] = first_lanes(left);
        there_too[v][k] = first_lanes(left - kWindow);
      }
    }
    if (!wide) {
      rows([&](const uint8_t* at, int64_t v, int64_t k) HWY_ATTR {
        return _mm512_maskz_permutexvar_epi8(kLower, from[v].places, _mm512_maskz_loadu_epi8(there[v][k], at));
      });
    } else {
      rows([&](const uint8_t* at, int64_t v, int64_t k) HWY_ATTR {
        return _mm512_maskz_permutex2var_epi8(kLower, _mm512_maskz_loadu_epi8(there[v][k], at), from[v].places,
                                              _mm512_maskz_loadu_epi8(there_too[v][k], at + kWindow));
      });
    }
  }
}

// Nothing is turned on its side: the bytes that 16 sums are made of are brought together, two taps at a time.
bool resize_by_lookup(const RowsToResize& job) {
  if (job.taps > 8 || (job.furthest + 2) * job.channels > 2 * kWindow) return false;
  const auto& places = job.channels == 1 ? places_of_1 : job.channels == 3 ? places_of_3 : places_of_4;
  switch (job.taps / 2) {
    case 1: look_up_rows<1>(job, places); break;
    case 2: look_up_rows<2>(job, places); break;
    case 3: look_up_rows<3>(job, places); break;
    default: look_up_rows<4>(job, places);
  }
  return true;
}

#else

bool resize_by_lookup(const RowsToResize&) { return false; }

#endif

// Sixteen pixels at a time, and of the source's columns those that they are made of.
void horizontal(const RowsToResize& job) {
  if (resize_by_lookup(job) || resize_by_two(job)) return;
  const int64_t pitch = job.count, pixel = job.channels * pitch;
  const uint8_t* tails[RowsToResize::kMost];
  uint8_t tail[RowsToResize::kMost][16] = {};
  // A row that is shorter than a block is copied to where one can be read.
  const bool is_short = job.bytes < 16;
  for (int64_t r = 0; is_short && r < job.count; ++r) {
    std::memcpy(tail[r], job.rows[r], static_cast<size_t>(job.bytes));
    tails[r] = tail[r];
  }
  const uint8_t* const* const rows = is_short ? tails : job.rows;
  const int64_t end_of_row = std::max<int64_t>(job.bytes, 16);
  for (int64_t x = 0; x < job.width; x += 16) {
    const int64_t last = std::min(x + 16, job.width);
    const int64_t base = job.first[x] * job.channels;   // the byte of a row whose column lies at `columns`
    uint8_t* const columns = job.columns + 16 * pitch;  // the last block of a row may begin before that
    const int64_t end = (job.first[last - 1] + job.takes[last - 1]) * job.channels;
    int64_t done = base;
#if HWY_CAP_GE512
    for (; job.count == 32 && done + 32 <= end; done += 32) {
      to_more_columns(rows, done, pitch, columns + (done - base) * pitch);
    }
#endif
    for (; done < end; done += 16) {
      const int64_t at = std::min(done, end_of_row - 16);
      for_rows_together(job.count, [&](auto together, int64_t row) HWY_ATTR {
        to_columns<together()>(rows + row, at, pitch, columns + (at - base) * pitch + row);
      });
    }
    for (int64_t i = x; i < last; ++i) {
      one_pixel(columns + (job.first[i] - job.first[x]) * pixel, pixel, job.weights + i * job.taps, (job.takes[i] + 1) / 2 * 2,
                job.precision, pixel, job.made + (i - x) * pixel);
    }
    for (int64_t at = 0; at < (last - x) * job.channels; at += 16) {
      for_rows_together(job.count, [&](auto together, int64_t row) HWY_ATTR {
        to_rows<together()>(job.made + at * pitch + row, pitch, job.out + row, x * job.channels + at);
      });
    }
  }
}

#endif

}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(horizontal);
HWY_EXPORT(vertical);

void resize_along_rows(const RowsToResize& job) { HWY_DYNAMIC_DISPATCH(horizontal)(job); }

void resize_along_columns(const uint8_t* const* rows, const int16_t* weights, int64_t count, int precision, int64_t begin,
                          int64_t end, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(vertical)(rows, weights, count, precision, begin, end, out);
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
