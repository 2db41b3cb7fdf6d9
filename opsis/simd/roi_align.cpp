// The weights of a sample are products of one for its row and one for its column. So the rows of a bin are summed first, over all
// columns that the region takes, and only their sum is sampled across: long vectors in place of four scattered reads a sample.
#include "opsis/simd/roi_align.h"

#include <algorithm>
#include <span>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/roi_align.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/bins-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

// Columns that the samples touch: [first, end).
struct Span {
  int64_t first, end;
};
template <class T>
Span SpanOf(const BinTaps<T>& columns) {
  Span span{columns.taps.front().low, columns.taps.front().high + 1};
  for (const auto& tap : columns.taps) {
    span.first = std::min<int64_t>(span.first, tap.low);
    span.end = std::max<int64_t>(span.end, tap.high + 1);
  }
  return span;
}

template <class T>
using Taps = std::span<const Tap<T>>;

template <class T>
Taps<T> TapsOf(const BinTaps<T>& bins, int64_t bin) {
  const auto *const all = bins.taps.data(), *const begin = all + bins.begin[static_cast<size_t>(bin)];
  return {begin, all + bins.begin[static_cast<size_t>(bin) + 1]};
}

// The samples of a bin's rows, in the columns from i on.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> Down(D d, Taps<T> rows, const T* plane, int64_t width, int64_t i) {
  auto sum = hn::Zero(d);
  for (const auto& tap : rows) {
    sum = hn::MulAdd(hn::Set(d, tap.low_weight), hn::LoadU(d, plane + tap.low * width + i), sum);
    sum = hn::MulAdd(hn::Set(d, tap.high_weight), hn::LoadU(d, plane + tap.high * width + i), sum);
  }
  return sum;
}

// Bins without rows are of zeros.
template <class T>
HWY_INLINE void RoiAlign(const T* plane, int64_t width, const RegionTaps<T>& region, T* scratch, T* out) {
  const auto bins = region.columns.bins();
  if (region.columns.taps.empty()) return std::fill(out, out + region.rows.bins() * bins, T(0));
  const auto span = SpanOf(region.columns);
  const hn::CappedTag<T, kRowsAtOnce> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t row = 0; row < region.rows.bins(); row += kRowsAtOnce) {
    const auto rows = std::min(kRowsAtOnce, region.rows.bins() - row);
    for (int64_t i = 0; i < rows; i += 4) {
      const auto taps = [&](int64_t j) { return i + j < rows ? TapsOf(region.rows, row + i + j) : Taps<T>(); };
      const Taps<T> first = taps(0), second = taps(1), third = taps(2), fourth = taps(3);
      ForLanesTwice<T>(span.first, span.end, [&](auto tag, int64_t x) HWY_ATTR {
        hn::StoreInterleaved4(Down(tag, first, plane, width, x), Down(tag, second, plane, width, x),
                              Down(tag, third, plane, width, x), Down(tag, fourth, plane, width, x), tag,
                              Column(scratch, width, x, i));
      });
    }
    for (int64_t i = 0; i < rows; i += lanes) {
      for (int64_t bin = 0; bin < bins; ++bin) {
        auto sum = hn::Zero(d);
        for (const auto& tap : TapsOf(region.columns, bin)) {
          const auto high = hn::Mul(hn::Set(d, tap.high_weight), LoadColumn(d, scratch, width, tap.high, i));
          sum = hn::Add(sum, hn::MulAdd(hn::Set(d, tap.low_weight), LoadColumn(d, scratch, width, tap.low, i), high));
        }
        HWY_ALIGN T means[kRowsAtOnce] = {};
        hn::Store(hn::Div(sum, hn::Set(d, region.count)), d, means);
        for (int64_t j = i; j < std::min(i + lanes, rows); ++j) out[(row + j) * bins + bin] = means[j - i];
      }
    }
  }
}

template <class T>
HWY_INLINE void RoiAlignBackward(const T* grad, int64_t width, const RegionTaps<T>& region, T* scratch, T* grad_plane) {
  const auto bins = region.columns.bins();
  if (region.columns.taps.empty()) return;
  const auto span = SpanOf(region.columns);
  for (int64_t row = 0; row < region.rows.bins(); ++row, grad += bins) {
    const auto *tap = region.rows.taps.data() + region.rows.begin[static_cast<size_t>(row)],
               *const end = region.rows.taps.data() + region.rows.begin[static_cast<size_t>(row) + 1];
    if (tap == end) continue;
    std::fill(scratch + span.first, scratch + span.end, T(0));
    for (int64_t bin = 0; bin < bins; ++bin) {
      const auto each = grad[bin] / region.count;
      for (auto t = region.columns.begin[static_cast<size_t>(bin)]; t < region.columns.begin[static_cast<size_t>(bin) + 1];
           ++t) {
        const auto& across = region.columns.taps[static_cast<size_t>(t)];
        scratch[across.low] += across.low_weight * each;
        scratch[across.high] += across.high_weight * each;
      }
    }
    for (; tap < end; ++tap) {
      const auto add = [&](int64_t to, T weight) HWY_ATTR {
        ForLanes<T>(span.first, span.end, [&](auto d, int64_t i) HWY_ATTR {
          auto* const at = grad_plane + to * width + i;
          hn::StoreU(hn::MulAdd(hn::Set(d, weight), hn::LoadU(d, scratch + i), hn::LoadU(d, at)), d, at);
        });
      };
      add(tap->low, tap->low_weight);
      add(tap->high, tap->high_weight);
    }
  }
}

void RoiAlignFloat(const float* plane, int64_t width, const RegionTaps<float>& region, float* scratch, float* out) {
  RoiAlign(plane, width, region, scratch, out);
}
void RoiAlignDouble(const double* plane, int64_t width, const RegionTaps<double>& region, double* scratch, double* out) {
  RoiAlign(plane, width, region, scratch, out);
}
void RoiAlignBackwardFloat(const float* grad, int64_t width, const RegionTaps<float>& region, float* scratch,
                           float* grad_plane) {
  RoiAlignBackward(grad, width, region, scratch, grad_plane);
}
void RoiAlignBackwardDouble(const double* grad, int64_t width, const RegionTaps<double>& region, double* scratch,
                            double* grad_plane) {
  RoiAlignBackward(grad, width, region, scratch, grad_plane);
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(RoiAlignFloat);
HWY_EXPORT(RoiAlignDouble);
HWY_EXPORT(RoiAlignBackwardFloat);
HWY_EXPORT(RoiAlignBackwardDouble);

void roi_align(const float* plane, int64_t width, const RegionTaps<float>& region, float* scratch, float* out) {
  HWY_DYNAMIC_DISPATCH(RoiAlignFloat)(plane, width, region, scratch, out);
}
void roi_align(const double* plane, int64_t width, const RegionTaps<double>& region, double* scratch, double* out) {
  HWY_DYNAMIC_DISPATCH(RoiAlignDouble)(plane, width, region, scratch, out);
}
void roi_align_backward(const float* grad, int64_t width, const RegionTaps<float>& region, float* scratch, float* grad_plane) {
  HWY_DYNAMIC_DISPATCH(RoiAlignBackwardFloat)(grad, width, region, scratch, grad_plane);
}
void roi_align_backward(const double* grad, int64_t width, const RegionTaps<double>& region, double* scratch,
                        double* grad_plane) {
  HWY_DYNAMIC_DISPATCH(RoiAlignBackwardDouble)(grad, width, region, scratch, grad_plane);
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
