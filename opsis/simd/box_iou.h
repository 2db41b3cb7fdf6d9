// Overlaps of one box with many. Plain pointers, no tensor.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// Boxes side by side, `count` of each number, and their areas.
template <class T>
struct BoxColumns {
  const T *left, *top, *right, *bottom, *area;
  int64_t count;
};

/// out[i] = intersection / (area + areas[i] - intersection), rounded after each operation; not a number for a box with one.
OPSIS_API void box_iou(const float* box, float area, const BoxColumns<float>& others, float* out);
OPSIS_API void box_iou(const double* box, double area, const BoxColumns<double>& others, double* out);

}  // namespace opsis::inline v1::simd
