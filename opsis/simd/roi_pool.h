// The greatest pixel of each bin of a region. Plain pointers, no tensor.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/simd/rows_at_once.h"

namespace opsis::inline v1::simd {

/// Pixels [begin, end) of a bin along an axis.
struct Pixels {
  int64_t begin, end;
};

/// The greatest number of each column in each of a few rows of bins, and its row.
template <class T>
struct RoiPoolScratch {
  using Row = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  explicit RoiPoolScratch(int64_t width) : greatest(static_cast<size_t>(width * kRowsAtOnce)), row(greatest.size()) {}
  std::vector<T> greatest;
  std::vector<Row> row;
};

/// out[bin row][bin column] = the greatest number of the bin above -FLT_MAX, else that; 0 for a bin without pixels. `pixel` is its
/// place in the plane, of equals the first row by row, or -1. Bins come in order, from left to right.
OPSIS_API void roi_pool(const float* plane, int64_t width, std::span<const Pixels> rows, std::span<const Pixels> columns,
                        RoiPoolScratch<float>& scratch, float* out, int32_t* pixel);
OPSIS_API void roi_pool(const double* plane, int64_t width, std::span<const Pixels> rows, std::span<const Pixels> columns,
                        RoiPoolScratch<double>& scratch, double* out, int32_t* pixel);

}  // namespace opsis::inline v1::simd
