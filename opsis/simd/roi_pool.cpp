// First down the columns that the region takes, a vector of them at a time; then across, a vector of bins at a time.
#include "opsis/simd/roi_pool.h"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/roi_pool.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

template <class T>
constexpr T kLeast = static_cast<T>(std::numeric_limits<float>::lowest());

template <class T>
HWY_INLINE void Down(const T* plane, int64_t width, const Pixels& rows, int64_t left, int64_t right,
                     RoiPoolScratch<T>& scratch) {
  using Row = typename RoiPoolScratch<T>::Row;
  ForLanes<T>(left, right, [&](auto d, int64_t i) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> whole;
    auto best = hn::Set(d, kLeast<T>);
    auto where = hn::Set(whole, Row(-1));
    for (auto row = rows.begin; row < rows.end; ++row) {
      const auto numbers = hn::LoadU(d, plane + row * width + i);
      const auto above = hn::Gt(numbers, best);  // never of what is no number
      best = hn::IfThenElse(above, numbers, best);
      where = hn::IfThenElse(hn::RebindMask(whole, above), hn::Set(whole, static_cast<Row>(row)), where);
    }
    hn::StoreU(best, d, scratch.greatest.data() + i);
    hn::StoreU(where, whole, scratch.row.data() + i);
  });
}

// Bins [i, i + lanes) of `columns`, each at its own speed: one that has ended looks at its last column again, to no effect.
template <class T, class D>
HWY_INLINE void Across(D d, std::span<const Pixels> columns, int64_t i, int64_t width, const RoiPoolScratch<T>& scratch, T* out,
                       int32_t* pixel) {
  using Row = typename RoiPoolScratch<T>::Row;
  const hn::RebindToSigned<D> whole;
  constexpr size_t kMost = 8;
  const auto lanes = hn::Lanes(d);
  HWY_ALIGN Row begin[kMost], last[kMost], row[kMost], column[kMost];
  HWY_ALIGN T best[kMost];
  int64_t longest = 0;
  for (size_t b = 0; b < lanes; ++b) {
    const auto& bin = columns[static_cast<size_t>(i) + b];
    longest = std::max(longest, bin.end - bin.begin);
    // A bin without pixels looks at some column all the same, and what it finds is passed over below.
    const auto most = static_cast<int64_t>(scratch.row.size()) - 1;
    begin[b] = static_cast<Row>(std::min(bin.begin, most));
    last[b] = static_cast<Row>(std::clamp<int64_t>(bin.end - 1, begin[b], most));
  }
  const auto first_column = hn::Load(whole, begin), last_column = hn::Load(whole, last);
  auto greatest = hn::Set(d, kLeast<T>);
  auto at_row = hn::Set(whole, Row(-1)), at_column = first_column;
  for (int64_t step = 0; step < longest; ++step) {
    const auto here = hn::Min(hn::Add(first_column, hn::Set(whole, static_cast<Row>(step))), last_column);
    const auto numbers = hn::GatherIndex(d, scratch.greatest.data(), here);
    const auto rows = hn::GatherIndex(whole, scratch.row.data(), here);
    const auto above = hn::RebindMask(whole, hn::Gt(numbers, greatest));
    const auto equal = hn::RebindMask(whole, hn::Eq(numbers, greatest));
    const auto better = hn::Or(above, hn::And(equal, hn::Lt(rows, at_row)));
    greatest = hn::IfThenElse(hn::RebindMask(d, better), numbers, greatest);
    at_row = hn::IfThenElse(better, rows, at_row);
    at_column = hn::IfThenElse(better, here, at_column);
  }
  hn::Store(greatest, d, best);
  hn::Store(at_row, whole, row);
  hn::Store(at_column, whole, column);
  for (size_t b = 0; b < lanes; ++b) {
    const auto& bin = columns[static_cast<size_t>(i) + b];
    const bool empty = bin.begin >= bin.end;
    out[static_cast<size_t>(i) + b] = empty ? T(0) : best[b];
    pixel[static_cast<size_t>(i) + b] =
        empty || row[b] < 0 ? -1 : static_cast<int32_t>(static_cast<int64_t>(row[b]) * width + static_cast<int64_t>(column[b]));
  }
}

template <class T>
HWY_INLINE void RoiPool(const T* plane, int64_t width, std::span<const Pixels> rows, std::span<const Pixels> columns,
                        RoiPoolScratch<T>& scratch, T* out, int32_t* pixel) {
  const auto bins = static_cast<int64_t>(columns.size());
  const auto left = columns.front().begin, right = columns.back().end;
  for (const auto& row : rows) {
    if (row.begin < row.end && left < right) {
      Down(plane, width, row, left, right, scratch);
      ForLanes<T, 8>(0, bins, [&](auto d, int64_t i) HWY_ATTR { Across(d, columns, i, width, scratch, out, pixel); });
    } else {
      std::fill(out, out + bins, T(0));
      std::fill(pixel, pixel + bins, -1);
    }
    out += bins;
    pixel += bins;
  }
}

void RoiPoolFloat(const float* plane, int64_t width, std::span<const Pixels> rows, std::span<const Pixels> columns,
                  RoiPoolScratch<float>& scratch, float* out, int32_t* pixel) {
  RoiPool(plane, width, rows, columns, scratch, out, pixel);
}
void RoiPoolDouble(const double* plane, int64_t width, std::span<const Pixels> rows, std::span<const Pixels> columns,
                   RoiPoolScratch<double>& scratch, double* out, int32_t* pixel) {
  RoiPool(plane, width, rows, columns, scratch, out, pixel);
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(RoiPoolFloat);
HWY_EXPORT(RoiPoolDouble);

void roi_pool(const float* plane, int64_t width, std::span<const Pixels> rows, std::span<const Pixels> columns,
              RoiPoolScratch<float>& scratch, float* out, int32_t* pixel) {
  HWY_DYNAMIC_DISPATCH(RoiPoolFloat)(plane, width, rows, columns, scratch, out, pixel);
}
void roi_pool(const double* plane, int64_t width, std::span<const Pixels> rows, std::span<const Pixels> columns,
              RoiPoolScratch<double>& scratch, double* out, int32_t* pixel) {
  HWY_DYNAMIC_DISPATCH(RoiPoolDouble)(plane, width, rows, columns, scratch, out, pixel);
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
