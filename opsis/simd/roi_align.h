// Bilinear samples of regions, summed by bins. Plain pointers, no tensor.
#pragma once

#include <cstdint>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/simd/rows_at_once.h"

namespace opsis::inline v1::simd {

/// A sample between two rows, or two columns, and how much it takes of each.
template <class T>
struct Tap {
  int32_t low, high;
  T low_weight, high_weight;
};

/// The samples along an axis: those of bin i are taps[begin[i]] to taps[begin[i + 1] - 1].
template <class T>
struct BinTaps {
  std::vector<Tap<T>> taps{};
  std::vector<int32_t> begin{0};
  int64_t bins() const { return static_cast<int64_t>(begin.size()) - 1; }
};

/// A region of a plane of `width` columns. Every bin holds each of its rows' samples with each of its columns', and what they sum
/// to is divided by `count`.
template <class T>
struct RegionTaps {
  BinTaps<T> rows{}, columns{};
  T count = 1;
};

/// out[bin row][bin column] = the mean of the bin's samples of the plane. `scratch` holds kRowsAtOnce rows of the plane.
OPSIS_API void roi_align(const float* plane, int64_t width, const RegionTaps<float>& region, float* scratch, float* out);
OPSIS_API void roi_align(const double* plane, int64_t width, const RegionTaps<double>& region, double* scratch, double* out);

/// The other way round: adds to the plane what each pixel gave to the bins, times the bins' gradients.
OPSIS_API void roi_align_backward(const float* grad, int64_t width, const RegionTaps<float>& region, float* scratch,
                                  float* grad_plane);
OPSIS_API void roi_align_backward(const double* grad, int64_t width, const RegionTaps<double>& region, double* scratch,
                                  double* grad_plane);

}  // namespace opsis::inline v1::simd
