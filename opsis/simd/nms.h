// Greedy non-maximum suppression. Plain pointers, no tensor.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// Walks the boxes (left, top, right, bottom) that `order` numbers, best first, and keeps each whose overlap with every box kept
/// before it is not above the threshold: intersection / (area + other area - intersection), rounded to T after each operation
/// and compared in double, as torchvision does. Writes the numbers of the kept ones and returns how many those are.
OPSIS_API int64_t nms(const float* boxes, const int64_t* order, int64_t count, double iou_threshold, int64_t* keep);
OPSIS_API int64_t nms(const double* boxes, const int64_t* order, int64_t count, double iou_threshold, int64_t* keep);

}  // namespace opsis::inline v1::simd
