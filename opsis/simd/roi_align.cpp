// The weights of a sample are products of one for its row and one for its column. So the rows of a bin are summed first, over all
// columns that the region takes, and only their sum is sampled across: long vectors in place of four scattered reads a sample.
#include "opsis/simd/roi_align.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/roi_align.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/lanes-inl.h"

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
HWY_INLINE void RoiAlign(const T* plane, int64_t width, const RegionTaps<T>& region, T* scratch, T* out) {
  const auto bins = region.columns.bins();
  if (region.columns.taps.empty()) return std::fill(out, out + region.rows.bins() * bins, T(0));
  const auto span = SpanOf(region.columns);
  for (int64_t row = 0; row < region.rows.bins(); ++row, out += bins) {
    const auto *tap = region.rows.taps.data() + region.rows.begin[static_cast<size_t>(row)],
               *const end = region.rows.taps.data() + region.rows.begin[static_cast<size_t>(row) + 1];
    if (tap == end) {
      std::fill(out, out + bins, T(0));
      continue;
    }
    ForLanes<T>(span.first, span.end, [&](auto d, int64_t i) HWY_ATTR {
      auto sum = hn::Zero(d);
      for (const auto* t = tap; t < end; ++t) {
        sum = hn::MulAdd(hn::Set(d, t->low_weight), hn::LoadU(d, plane + t->low * width + i), sum);
        sum = hn::MulAdd(hn::Set(d, t->high_weight), hn::LoadU(d, plane + t->high * width + i), sum);
      }
      hn::StoreU(sum, d, scratch + i);
    });
    for (int64_t bin = 0; bin < bins; ++bin) {
      T sum = 0;
      for (auto t = region.columns.begin[static_cast<size_t>(bin)]; t < region.columns.begin[static_cast<size_t>(bin) + 1];
           ++t) {
        const auto& across = region.columns.taps[static_cast<size_t>(t)];
        sum += across.low_weight * scratch[across.low] + across.high_weight * scratch[across.high];
      }
      out[bin] = sum / region.count;
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
