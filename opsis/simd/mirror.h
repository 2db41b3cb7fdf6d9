// Rows of pixels from their end to their beginning. Plain pointers, no tensor.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// to[i] = from[width - 1 - i] for pixels of `bytes` bytes, in each of `height` rows, which begin so many bytes after each other.
/// The two must not overlap.
OPSIS_API void mirror_rows(const uint8_t* from, int64_t from_stride, int64_t height, int64_t width, int64_t bytes, uint8_t* to,
                           int64_t to_stride);

}  // namespace opsis::inline v1::simd
