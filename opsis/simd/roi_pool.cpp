// First down the columns that the region takes, a vector of them at a time; then across, some rows of bins at a time.
#include "opsis/simd/roi_pool.h"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/roi_pool.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/bins-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

template <class T>
constexpr T kLeast = static_cast<T>(std::numeric_limits<float>::lowest());

// The greatest of a bin's rows, in the columns from i on, and where they are: -1 where there is none.
template <class D, class W, class T = hn::TFromD<D>>
HWY_INLINE void Down(D d, const T* plane, int64_t width, const Pixels& rows, int64_t i, hn::Vec<D>& greatest, W& where) {
  const hn::RebindToSigned<D> whole;
  greatest = hn::Set(d, kLeast<T>);
  where = hn::Set(whole, -1);
  for (auto row = rows.begin; row < rows.end; ++row) {
    const auto numbers = hn::LoadU(d, plane + row * width + i);
    const auto above = hn::Gt(numbers, greatest);  // never of what is no number
    greatest = hn::IfThenElse(above, numbers, greatest);
    where = hn::IfThenElse(hn::RebindMask(whole, above), hn::Set(whole, static_cast<hn::TFromD<decltype(whole)>>(row)), where);
  }
}

// Four rows of bins down all columns.
template <class T>
HWY_INLINE void DownFour(const T* plane, int64_t width, const Pixels* rows, int64_t left, int64_t right, T* greatest,
                         typename RoiPoolScratch<T>::Row* where) {
  ForLanesTwice<T>(left, right, [&](auto d, int64_t i) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> whole;
    hn::Vec<decltype(d)> g0, g1, g2, g3;
    hn::Vec<decltype(whole)> w0, w1, w2, w3;
    Down(d, plane, width, rows[0], i, g0, w0);
    Down(d, plane, width, rows[1], i, g1, w1);
    Down(d, plane, width, rows[2], i, g2, w2);
    Down(d, plane, width, rows[3], i, g3, w3);
    hn::StoreInterleaved4(g0, g1, g2, g3, d, greatest + 4 * i);
    hn::StoreInterleaved4(w0, w1, w2, w3, whole, where + 4 * i);
  });
}

template <class T>
HWY_INLINE void RoiPool(const T* plane, int64_t width, std::span<const Pixels> rows, std::span<const Pixels> columns,
                        RoiPoolScratch<T>& scratch, T* out, int32_t* pixel) {
  using Row = typename RoiPoolScratch<T>::Row;
  const auto left = columns.front().begin, right = columns.back().end;
  const auto bins = static_cast<int64_t>(columns.size()), all = static_cast<int64_t>(rows.size());
  const hn::CappedTag<T, kRowsAtOnce> d;
  const hn::RebindToSigned<decltype(d)> whole;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  T* const greatest = scratch.greatest.data();
  Row* const where = scratch.row.data();
  for (int64_t first = 0; first < all; first += kRowsAtOnce) {
    const auto count = std::min(kRowsAtOnce, all - first);
    Pixels of[kRowsAtOnce] = {};
    std::copy_n(rows.begin() + first, count, of);
    for (int64_t i = 0; i < count; i += 4) {
      DownFour(plane, width, of + i, left, right, Column(greatest, width, 0, i), Column(where, width, 0, i));
    }
    for (int64_t i = 0; i < count; i += lanes) {
      for (int64_t bin = 0; bin < bins; ++bin) {
        const auto [begin, end] = columns[static_cast<size_t>(bin)];
        auto best = hn::Set(d, kLeast<T>);
        auto at_row = hn::Set(whole, -1), at_column = at_row;
        for (auto x = begin; x < end; ++x) {
          const auto numbers = LoadColumn(d, greatest, width, x, i);
          const auto found = LoadColumn(whole, where, width, x, i);
          const auto above = hn::RebindMask(whole, hn::Gt(numbers, best)), equal = hn::RebindMask(whole, hn::Eq(numbers, best));
          const auto better = hn::Or(above, hn::And(equal, hn::Lt(found, at_row)));
          best = hn::IfThenElse(hn::RebindMask(d, better), numbers, best);
          at_row = hn::IfThenElse(better, found, at_row);
          at_column = hn::IfThenElse(better, hn::Set(whole, static_cast<Row>(x)), at_column);
        }
        HWY_ALIGN T bests[kRowsAtOnce] = {};
        HWY_ALIGN Row places[kRowsAtOnce] = {};
        hn::Store(best, d, bests);
        const auto place = hn::Add(hn::Mul(at_row, hn::Set(whole, static_cast<Row>(width))), at_column);
        hn::Store(hn::IfThenElse(hn::Lt(at_row, hn::Zero(whole)), at_row, place), whole, places);
        for (auto j = i; j < std::min(i + lanes, count); ++j) {
          const bool empty = of[j].begin >= of[j].end || begin >= end;
          out[(first + j) * bins + bin] = empty ? T(0) : bests[j - i];
          pixel[(first + j) * bins + bin] = static_cast<int32_t>(places[j - i]);
        }
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
