// Undoing the filters of PNG, in which each byte is stored as its difference to a guess from its neighbors.
#pragma once

#include <cstddef>
#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// Undoes the filters of `height` rows. Each row is a byte that names its filter, 0 to 4, and `row_bytes` filtered ones; rows
/// follow each other without gaps. The pixels of row y go to out + y * out_stride; to unfilter in place, give filtered + 1 and
/// row_bytes + 1. `pixel_bytes` is 1, 2, 3, 4, 6 or 8.
/// False when a row names another filter; what stands before it is done then.
OPSIS_API bool png_unfilter(const uint8_t* filtered, int64_t height, size_t row_bytes, size_t pixel_bytes, uint8_t* out,
                            size_t out_stride);

}  // namespace opsis::inline v1::simd
