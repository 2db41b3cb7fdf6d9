// The filters of PNG: each byte as its difference to a guess from its neighbors. Undone by png_unfilter.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// Filters `height` rows of `row_bytes` bytes that follow each other without gaps, each by the one of the five filters whose
/// bytes, read as signed numbers, have the least sum of magnitudes; of several it is the first, as libpng chooses.
/// `pixel_bytes` is 1 to 8 and divides row_bytes. `out` gets height * (row_bytes + 1) bytes: of each row the filter's number,
/// 0 to 4, and the filtered ones.
OPSIS_API void png_filter(const uint8_t* pixels, int64_t height, size_t row_bytes, size_t pixel_bytes, uint8_t* out);

}  // namespace opsis::inline v1::simd
