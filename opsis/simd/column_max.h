// The greatest of each column. Plain pointers, no tensor.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// Over `rows` rows of a plane of `width` columns, for each of the first `count` columns: the greatest number above -FLT_MAX and
/// the first row where it stands; -FLT_MAX and -1 where none is.
OPSIS_API void column_max(const float* plane, int64_t width, int64_t rows, int64_t count, float* greatest, int32_t* row);
OPSIS_API void column_max(const double* plane, int64_t width, int64_t rows, int64_t count, double* greatest, int64_t* row);

}  // namespace opsis::inline v1::simd
