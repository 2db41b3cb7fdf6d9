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

// Bins side by side, kMost at a time. What is left over at the end, and a bin without pixels, looks at some column all the same:
// what that finds is passed over.
template <class T>
struct Bins {
  using Row = typename RoiPoolScratch<T>::Row;
  static constexpr size_t kMost = 8;
  HWY_ALIGN Row begin[kMost], last[kMost];
  int64_t count, longest = 0;

  Bins(std::span<const Pixels> columns, size_t first) : count(static_cast<int64_t>(std::min(kMost, columns.size() - first))) {
    for (size_t b = 0; b < kMost; ++b) {
      const auto& bin = columns[std::min(first + b, columns.size() - 1)];
      const auto length = std::max<int64_t>(bin.end - bin.begin, 1);
      longest = std::max(longest, length);
      begin[b] = static_cast<Row>(length > bin.end - bin.begin ? 0 : bin.begin);
      last[b] = static_cast<Row>(begin[b] + length - 1);
    }
  }
};

// Each bin at its own speed: one that has ended looks at its last column again, to no effect.
template <class T>
HWY_INLINE void Across(const Bins<T>& bins, std::span<const Pixels> columns, int64_t width, const RoiPoolScratch<T>& scratch,
                       T* out, int32_t* pixel) {
  using Row = typename RoiPoolScratch<T>::Row;
  constexpr size_t kMost = Bins<T>::kMost;
  const hn::CappedTag<T, kMost> d;
  const hn::RebindToSigned<decltype(d)> whole;
  HWY_ALIGN Row row[kMost], column[kMost];
  HWY_ALIGN T best[kMost];
  for (size_t i = 0; i < kMost; i += hn::Lanes(d)) {
    auto here = hn::Load(whole, bins.begin + i);
    const auto last = hn::Load(whole, bins.last + i), one = hn::Set(whole, Row(1));
    auto greatest = hn::Set(d, kLeast<T>);
    auto at_row = hn::Set(whole, Row(-1)), at_column = here;
    for (int64_t step = 0; step < bins.longest; ++step) {
      const auto numbers = hn::GatherIndex(d, scratch.greatest.data(), here);
      const auto rows = hn::GatherIndex(whole, scratch.row.data(), here);
      const auto above = hn::RebindMask(whole, hn::Gt(numbers, greatest));
      const auto equal = hn::RebindMask(whole, hn::Eq(numbers, greatest));
      const auto better = hn::Or(above, hn::And(equal, hn::Lt(rows, at_row)));
      greatest = hn::IfThenElse(hn::RebindMask(d, better), numbers, greatest);
      at_row = hn::IfThenElse(better, rows, at_row);
      at_column = hn::IfThenElse(better, here, at_column);
      here = hn::Min(hn::Add(here, one), last);
    }
    hn::Store(greatest, d, best + i);
    hn::Store(at_row, whole, row + i);
    hn::Store(at_column, whole, column + i);
  }
  for (int64_t b = 0; b < bins.count; ++b) {
    const bool empty = columns[static_cast<size_t>(b)].begin >= columns[static_cast<size_t>(b)].end;
    out[b] = empty ? T(0) : best[b];
    const auto place = static_cast<int64_t>(row[b]) * width + static_cast<int64_t>(column[b]);
    pixel[b] = empty || row[b] < 0 ? -1 : static_cast<int32_t>(place);
  }
}

template <class T>
HWY_INLINE void RoiPool(const T* plane, int64_t width, std::span<const Pixels> rows, std::span<const Pixels> columns,
                        RoiPoolScratch<T>& scratch, T* out, int32_t* pixel) {
  const auto left = columns.front().begin, right = columns.back().end;
  const auto across = static_cast<int64_t>(columns.size());
  for (size_t first = 0; first < columns.size(); first += Bins<T>::kMost) {
    const Bins<T> bins(columns, first);
    for (size_t r = 0; r < rows.size(); ++r) {
      const auto at = static_cast<int64_t>(r) * across + static_cast<int64_t>(first);
      if (rows[r].begin < rows[r].end && left < right) {
        Down(plane, width, rows[r], left, right, scratch);
        Across(bins, columns.subspan(first), width, scratch, out + at, pixel + at);
      } else {
        std::fill(out + at, out + at + bins.count, T(0));
        std::fill(pixel + at, pixel + at + bins.count, -1);
      }
    }
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
