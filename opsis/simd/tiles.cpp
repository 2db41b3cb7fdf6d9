#include "opsis/simd/tiles.h"

#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace opsis::inline v1::simd {
namespace {

constexpr int64_t kRegisterRows = 16;
constexpr int64_t kRegister = kRegisterRows * kTileDepth;  // numbers; also two rows of weights, one between the other

// Linux gives the registers, which are 8 KB of a thread's state, to who asks.
bool asked_for_tiles() {
#ifdef __linux__
  constexpr long kAsk = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM
  return syscall(SYS_arch_prctl, kAsk, kTileData) == 0;
#else
  return false;
#endif
}

__attribute__((target("xsave"))) bool system_keeps_tiles() { return (_xgetbv(0) & 0x60000) == 0x60000; }

bool has_amx() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_OSXSAVE) == 0 || !system_keeps_tiles()) return false;
  constexpr unsigned kBfloat16 = 1u << 22, kTile = 1u << 24;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & kBfloat16) == 0 || (d & kTile) == 0) return false;
  return asked_for_tiles();
}

enum class Way { None, Dots, Amx };

Way look_for_way() {
  for (const bool there :
       {__builtin_cpu_supports("avx512bw"), __builtin_cpu_supports("avx512vl"), __builtin_cpu_supports("avx512bf16")}) {
    if (!there) return Way::None;  // what goes before and after AMX uses them too
  }
  return has_amx() ? Way::Amx : Way::Dots;
}

Way way() {
  static const auto found = look_for_way();
  return found;
}

// All registers whole. In memory from the start: compilers do not see that the instruction reads all of it.
struct alignas(64) Shapes {
  uint8_t palette = 1, start = 0, reserved[14] = {};
  uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr Shapes kShapes;

__attribute__((target("amx-tile"))) void use() { _tile_loadconfig(&kShapes); }
__attribute__((target("amx-tile"))) void leave() { _tile_release(); }

// Register 0 to 3 have sums, 4 and 5 what rows see, 6 and 7 weights.
template <bool kTwo>
__attribute__((target("amx-tile,amx-bf16"))) void Multiply(int64_t taps, int64_t blocks, const uint16_t* weights,
                                                           const TileRows& rows, float* sums, const uint16_t* next,
                                                           int64_t lines) {
  constexpr int64_t kRow = 64;  // bytes
  const auto stride = rows.stride * static_cast<int64_t>(sizeof(uint16_t));
  _tile_zero(0);
  _tile_zero(1);
  if constexpr (kTwo) {
    _tile_zero(2);
    _tile_zero(3);
  }
  for (int64_t tap = 0; tap < taps; ++tap) {
    const auto offset = rows.taps ? rows.taps[tap] : 0;
    const auto *upper = rows.upper + offset, *lower = rows.lower + offset;
    for (int64_t b = 0; b < blocks; ++b, weights += 2 * kRegister, upper += rows.step, lower += rows.step) {
      for (int64_t i = 0; i < lines; ++i, next += kRow / 2) _mm_prefetch(reinterpret_cast<const char*>(next), _MM_HINT_T1);
      _tile_loadd(6, weights, kRow);
      _tile_loadd(4, upper, stride);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(7, weights + kRegister, kRow);
      _tile_dpbf16ps(1, 4, 7);
      if constexpr (kTwo) {
        _tile_loadd(5, lower, stride);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
      }
    }
  }
  constexpr int64_t kStride = kTileColumns * sizeof(float);
  _tile_stored(0, sums, kStride);
  _tile_stored(1, sums + 16, kStride);
  if constexpr (kTwo) {
    _tile_stored(2, sums + kRegisterRows * kTileColumns, kStride);
    _tile_stored(3, sums + kRegisterRows * kTileColumns + 16, kStride);
  }
}

// Two numbers of each row by theirs of the columns.
template <int64_t kRows, int64_t kVectors>
__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"), always_inline)) inline void AddPair(
    const uint16_t* weights, const uint16_t* seen, int64_t stride, __m512 (&sums)[kRows][kVectors]) {
  __m512bh row[kVectors];
  for (int64_t v = 0; v < kVectors; ++v) row[v] = (__m512bh)_mm512_loadu_si512(weights + v * kRegister);
  for (int64_t r = 0; r < kRows; ++r) {
    int32_t pair;
    std::memcpy(&pair, seen + r * stride, sizeof(pair));
    const auto both = (__m512bh)_mm512_set1_epi32(pair);
    for (int64_t v = 0; v < kVectors; ++v) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], row[v], both);
  }
}

// Without AMX: kRows rows by kVectors registers of columns, whose sums stay in ordinary registers. Where these are few, there are
// kApart times as many, lest each product wait for the one before.
template <int64_t kRows, int64_t kVectors>
__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"))) void Dots(const TileStrips& strips, const uint16_t* weights,
                                                                          const TileRows& rows, int64_t first, float* sums,
                                                                          const uint16_t* next, int64_t lines) {
  constexpr int64_t kApart = std::clamp<int64_t>(16 / (kRows * kVectors), 1, 8), kPairs = kTileDepth / 2;
  const auto blocks = strips.blocks() / strips.taps, part = (strips.depth - 1) % kTileDepth + 1;  // part: of a tap's last block
  const auto* const begin =
      first < kRegisterRows ? rows.upper + first * rows.stride : rows.lower + (first - kRegisterRows) * rows.stride;
  __m512 all[kApart][kRows][kVectors];
  for (auto& some : all) {
    for (auto& row : some) {
      for (auto& sum : row) sum = _mm512_setzero_ps();
    }
  }
  const auto* seen = begin;
  for (int64_t tap = 0; tap < strips.taps; ++tap) {
    if (rows.taps) seen = begin + rows.taps[tap];
    for (int64_t b = 0; b < blocks; ++b, weights += 2 * kRegister, seen += rows.step) {
      for (int64_t i = 0; i < lines; ++i, next += 32) _mm_prefetch(reinterpret_cast<const char*>(next), _MM_HINT_T1);
      const auto pairs = b + 1 < blocks ? kPairs : (part + 1) / 2;
      int64_t k = 0;
      for (; k + kApart <= pairs; k += kApart) {
        for (int64_t a = 0; a < kApart; ++a)
          AddPair(weights + (k + a) * 2 * kRegisterRows, seen + 2 * (k + a), rows.stride, all[a]);
      }
      for (; k < pairs; ++k) AddPair(weights + k * 2 * kRegisterRows, seen + 2 * k, rows.stride, all[0]);
    }
  }
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t v = 0; v < kVectors; ++v) {
      auto sum = all[0][r][v];
      for (int64_t a = 1; a < kApart; ++a) sum = _mm512_add_ps(sum, all[a][r][v]);
      _mm512_store_ps(sums + (first + r) * kTileColumns + v * 16, sum);
    }
  }
}

template <int64_t kVectors>
void multiply_rows_by_dots(const TileStrips& strips, const uint16_t* weights, const TileRows& rows, float* sums,
                           const uint16_t* next, int64_t lines) {
  const bool together = rows.lower == rows.upper + kRegisterRows * rows.stride;
  for (int64_t row = 0; row < rows.count; lines = 0) {
    const auto left = rows.count - row;
    const auto run = [&]<int64_t kRows>() {
      Dots<kRows, kVectors>(strips, weights, rows, row, sums, next, lines);
      row += kRows;
    };
    if (left >= 12 && left != 16 && together) {
      run.template operator()<12>();
    } else if (left >= 8) {
      run.template operator()<8>();
    } else if (left >= 4) {
      run.template operator()<4>();
    } else if (left >= 2) {
      run.template operator()<2>();
    } else {
      run.template operator()<1>();
    }
  }
}

#define OPSIS_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"), always_inline)) inline

// Activations to some 12 bits, of which 8 are kept.

OPSIS_AVX512 __m512 bounded(__m512 x, __m512 low, __m512 high) {
  return _mm512_min_ps(high, _mm512_max_ps(low, x));  // what is no number is the second's, and stays
}

OPSIS_AVX512 __m512 from_bfloat16(__m256i numbers) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(numbers), 16));
}

OPSIS_AVX512 __m512 sigmoid(__m512 x) {
  const auto power = _mm512_mul_ps(bounded(x, _mm512_set1_ps(-87), _mm512_set1_ps(87)), _mm512_set1_ps(-1.44269504f));
  const auto whole = _mm512_roundscale_ps(power, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const auto rest = _mm512_sub_ps(power, whole);  // of two to the power, from -1/2 to 1/2
  auto sum = _mm512_set1_ps(0.00956051052f);      // fitted: to 3e-6
  for (const float factor : {0.0559170395f, 0.240249813f, 0.69312197f, 0.999999166f})
    sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(factor));
  return _mm512_rcp14_ps(_mm512_add_ps(_mm512_scalef_ps(sum, whole), _mm512_set1_ps(1)));
}

OPSIS_AVX512 __m512 hardsigmoid(__m512 x) {
  const auto held = bounded(_mm512_add_ps(x, _mm512_set1_ps(3)), _mm512_setzero_ps(), _mm512_set1_ps(6));
  return _mm512_mul_ps(held, _mm512_set1_ps(1.0f / 6));
}

// The normal distribution's function between -6 and 6, in 32 pieces of a cubic each, to 4e-6.
struct Normal {
  static constexpr double kReach = 6, kPieces = 32;
  alignas(64) float factors[4][32];

  Normal() {
    for (int i = 0; i < 32; ++i) {
      // Through four points of the piece, [0, 1): Newton's differences, then powers.
      constexpr double kAt[4] = {0.038060233744356624, 0.30865828381745508, 0.69134171618254492, 0.96193976625564337};
      double d[4];
      for (int k = 0; k < 4; ++k) d[k] = std::erfc(-(((i + kAt[k]) * 2 / kPieces - 1) * kReach) / std::sqrt(2.0)) / 2;
      for (int order = 1; order < 4; ++order) {
        for (int k = 3; k >= order; --k) d[k] = (d[k] - d[k - 1]) / (kAt[k] - kAt[k - order]);
      }
      double power[4] = {d[3], 0, 0, 0};
      for (int k = 2; k >= 0; --k) {
        for (int p = 3; p > 0; --p) power[p] = power[p - 1] - kAt[k] * power[p];
        power[0] = d[k] - kAt[k] * power[0];
      }
      for (int p = 0; p < 4; ++p) factors[p][i] = static_cast<float>(power[p]);
    }
  }
};

OPSIS_AVX512 __m512 factor(const Normal& normal, int power, __m512i piece) {
  const auto* all = normal.factors[power];
  return _mm512_permutex2var_ps(_mm512_load_ps(all), piece, _mm512_load_ps(all + 16));
}

OPSIS_AVX512 __m512 gelu(__m512 x, const Normal& normal) {
  constexpr float kScale = Normal::kPieces / (2 * Normal::kReach);
  const auto held = bounded(x, _mm512_set1_ps(-5.9999f), _mm512_set1_ps(5.9999f));
  const auto place = _mm512_fmadd_ps(held, _mm512_set1_ps(kScale), _mm512_set1_ps(Normal::kPieces / 2));
  const auto whole = _mm512_roundscale_ps(place, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  const auto at = _mm512_sub_ps(place, whole);
  const auto piece = _mm512_cvttps_epi32(whole);
  auto sum = factor(normal, 3, piece);
  for (int p = 2; p >= 0; --p) sum = _mm512_fmadd_ps(sum, at, factor(normal, p, piece));
  return _mm512_mul_ps(x, sum);
}

template <Activation kActivation>
OPSIS_AVX512 __m512 activated(__m512 x, const Normal& normal) {
  using enum Activation;
  if constexpr (kActivation == Sigmoid) return sigmoid(x);
  if constexpr (kActivation == Silu) return _mm512_mul_ps(x, sigmoid(x));
  if constexpr (kActivation == Hardsigmoid) return hardsigmoid(x);
  if constexpr (kActivation == Hardswish) return _mm512_mul_ps(x, hardsigmoid(x));
  if constexpr (kActivation == Gelu) return gelu(x, normal);
  if constexpr (kActivation == Tanh) {  // no model of ours
    alignas(64) float all[16];
    _mm512_store_ps(all, x);
    for (auto& one : all) one = std::tanh(one);
    return _mm512_load_ps(all);
  }
  return x;
}

template <Activation kActivation>
__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"))) void Finish(const TileSums& all) {
  static const Normal normal;
  const auto mask = static_cast<__mmask32>((uint64_t{1} << all.columns) - 1);
  const auto low = _mm512_set1_ps(all.low), high = _mm512_set1_ps(all.high);
  const __m512 bias[2] = {_mm512_loadu_ps(all.bias), _mm512_loadu_ps(all.bias + 16)};
  for (int64_t r = 0; r < all.rows; ++r) {
    const auto* sums = all.sums + r * kTileColumns;
    __m512 x[2] = {_mm512_add_ps(_mm512_load_ps(sums), bias[0]), _mm512_add_ps(_mm512_load_ps(sums + 16), bias[1])};
    if (all.addend) {
      const auto more = _mm512_maskz_loadu_epi16(mask, all.addend + r * all.stride);
      x[0] = _mm512_add_ps(x[0], from_bfloat16(_mm512_castsi512_si256(more)));
      x[1] = _mm512_add_ps(x[1], from_bfloat16(_mm512_extracti64x4_epi64(more, 1)));
    }
    for (auto& one : x) one = activated<kActivation>(bounded(one, low, high), normal);
    _mm512_mask_storeu_epi16(all.out + r * all.stride, mask, (__m512i)_mm512_cvtne2ps_pbh(x[1], x[0]));
  }
}

}  // namespace

bool has_tiles() { return way() != Way::None; }
int64_t lying_depth() { return way() == Way::Dots ? 2 : kTileDepth; }
bool reads_whole_tiles() { return way() != Way::Dots; }

void pack_tiles(const TileStrips& strips, const uint16_t* weights, const float* bias, uint16_t* packed) {
  std::fill_n(packed, strips.size(), uint16_t{0});
  const auto width = strips.taps * strips.depth, blocks_of_tap = strips.blocks() / strips.taps;
  for (int64_t column = 0; column < strips.columns; ++column, weights += width) {
    auto* strip = packed + strips.offset(column / kTileColumns);
    const auto place = column % kTileColumns;
    if (bias) std::memcpy(strip + 2 * place, bias + column, sizeof(float));
    for (int64_t i = 0; i < width; ++i) {
      const auto block = i / strips.depth * blocks_of_tap + i % strips.depth / kTileDepth, k = i % strips.depth % kTileDepth;
      // Of each column, two numbers that follow each other.
      strip[2 * kTileColumns + (block * 2 + place / 16) * kRegister + k / 2 * 32 + place % 16 * 2 + k % 2] = weights[i];
    }
  }
}

__attribute__((target("avx512f,avx512bw"))) void fill_panel(const TileStrips& strips, const uint16_t* const* seen, int64_t rows,
                                                            uint16_t* panel) {
  const auto blocks_of_tap = strips.blocks() / strips.taps, part = strips.depth % kTileDepth;
  for (int64_t row = 0; row < rows; ++row) {
    auto* to = panel + row / kRegisterRows * strips.blocks() * kRegister + row % kRegisterRows * kTileDepth;
    for (int64_t tap = 0; tap < strips.taps; ++tap) {
      const auto* from = seen[tap * rows + row];
      for (int64_t b = 0; b < blocks_of_tap; ++b, to += kRegister, from += kTileDepth) {
        const bool whole = part == 0 || b + 1 < blocks_of_tap;
        _mm512_storeu_si512(to, whole ? _mm512_loadu_si512(from) : _mm512_maskz_loadu_epi16((1u << part) - 1, from));
      }
    }
  }
}

TilesInUse::TilesInUse() {
  if (way() == Way::Amx) use();
}
TilesInUse::~TilesInUse() {
  if (way() == Way::Amx) leave();
}

void multiply_by_dots(const TileStrips& strips, const uint16_t* packed, int64_t strip, const TileRows& rows, float* sums,
                      const uint16_t* next, const uint16_t* next_end) {
  const auto* weights = packed + strips.offset(strip) + 2 * kTileColumns;
  const auto lines = next ? (next_end - next) / 32 / strips.blocks() : 0;
  const bool half = strips.columns - strip * kTileColumns <= 16;
  (half ? multiply_rows_by_dots<1> : multiply_rows_by_dots<2>)(strips, weights, rows, sums, next, lines);
}

void multiply_tiles(const TileStrips& strips, const uint16_t* packed, int64_t strip, const TileRows& rows, float* sums,
                    const uint16_t* next, const uint16_t* next_end) {
  if (way() == Way::Dots) return multiply_by_dots(strips, packed, strip, rows, sums, next, next_end);
  const auto blocks = strips.blocks();
  const auto* weights = packed + strips.offset(strip) + 2 * kTileColumns;
  const auto lines = next ? (next_end - next) / 32 / blocks : 0;
  const auto multiply = rows.count > kRegisterRows ? Multiply<true> : Multiply<false>;
  const auto taps = rows.taps ? strips.taps : 1;
  multiply(taps, blocks / taps, weights, rows, sums, next, lines);
}

void finish_tiles(const TileSums& sums) {
  using enum Activation;
  switch (sums.activation) {
    case None: return Finish<None>(sums);
    case Sigmoid: return Finish<Sigmoid>(sums);
    case Silu: return Finish<Silu>(sums);
    case Hardsigmoid: return Finish<Hardsigmoid>(sums);
    case Hardswish: return Finish<Hardswish>(sums);
    case Gelu: return Finish<Gelu>(sums);
    case Tanh: return Finish<Tanh>(sums);
  }
}

#undef OPSIS_AVX512

}  // namespace opsis::inline v1::simd
