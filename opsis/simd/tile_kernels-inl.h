// Tiles of a product that stay in registers: how large they may be, and the kernel for each size. Included once for each
// instruction set, after highway.h.
#if defined(OPSIS_SIMD_TILE_KERNELS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OPSIS_SIMD_TILE_KERNELS_INL_H
#undef OPSIS_SIMD_TILE_KERNELS_INL_H
#else
#define OPSIS_SIMD_TILE_KERNELS_INL_H
#endif

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "opsis/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {

#if HWY_TARGET <= HWY_AVX3
constexpr int64_t kRegisters = 32;
#else
constexpr int64_t kRegisters = HWY_ARCH_ARM_A64 ? 32 : 16;
#endif

// Rows of a tile of so many vectors: its sums, a row of what rows are multiplied by and one of their numbers are in registers.
constexpr int64_t RowsWithin(int64_t vectors, int64_t most) { return std::min((kRegisters - 1 - vectors) / vectors, most); }

// Of<rows, vectors>::kKernel, by vectors - 1 and rows - 1; nothing where a tile would not fit the registers.
template <template <int64_t kRows, int64_t kVectors> class Of, class Kernel, int64_t kMostRows, int64_t kMostVectors>
constexpr auto KernelsOfTiles() {
  std::array<std::array<Kernel, kMostRows>, kMostVectors> table{};
  const auto fill = [&]<int64_t kVectors, int64_t... kRows>(std::integral_constant<int64_t, kVectors>,
                                                            std::integer_sequence<int64_t, kRows...>) {
    ((table[kVectors - 1][kRows] = Of<kRows + 1, kVectors>::kKernel), ...);
  };
  const auto each = [&]<int64_t... kVectors>(std::integer_sequence<int64_t, kVectors...>) {
    (fill(std::integral_constant<int64_t, kVectors + 1>(),
          std::make_integer_sequence<int64_t, RowsWithin(kVectors + 1, kMostRows)>()),
     ...);
  };
  each(std::make_integer_sequence<int64_t, kMostVectors>());
  return table;
}

}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // OPSIS_SIMD_TILE_KERNELS_INL_H
