// Rows of bins beside each other: what is found down a region's columns is kept column by column, so that across too a vector holds
// what is treated alike. Included once for each instruction set, after highway.h.
#if defined(OPSIS_SIMD_BINS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OPSIS_SIMD_BINS_INL_H
#undef OPSIS_SIMD_BINS_INL_H
#else
#define OPSIS_SIMD_BINS_INL_H
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "opsis/simd/lanes-inl.h"
#include "opsis/simd/rows_at_once.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {

// What a column holds of each row: of four rows side by side, and of the next four behind all columns, since Highway interleaves no
// more than four vectors.
template <class T>
HWY_INLINE T* Column(T* scratch, int64_t width, int64_t column, int64_t row) {
  return scratch + row / 4 * 4 * width + 4 * column + row % 4;
}

// The rows of a column from `row` on, as many as d has lanes.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> LoadColumn(D d, const T* scratch, int64_t width, int64_t column, int64_t row) {
#if HWY_TARGET != HWY_SCALAR
  if (hn::Lanes(d) > 4) {
    const hn::Half<D> half;
    const auto low = hn::LoadU(half, Column(scratch, width, column, 0));
    return hn::Combine(d, hn::LoadU(half, Column(scratch, width, column, 4)), low);
  }
#endif
  return hn::LoadU(d, Column(scratch, width, column, row));
}

}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // OPSIS_SIMD_BINS_INL_H
