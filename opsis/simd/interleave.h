// Planes of a picture into pixels, and back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// out[3 * i + c] = planes[c][i] for i below count.
OPSIS_API void interleave3(const uint8_t* const planes[3], size_t count, uint8_t* out);
OPSIS_API void interleave3(const uint16_t* const planes[3], size_t count, uint16_t* out);
OPSIS_API void interleave3(const float* const planes[3], size_t count, float* out);

/// planes[c][i] = pixels[3 * i + c] for i below count.
OPSIS_API void separate3(const uint8_t* pixels, size_t count, uint8_t* const planes[3]);
OPSIS_API void separate3(const float* pixels, size_t count, float* const planes[3]);

/// The same of `rows` rows of `count` pixels that begin pixel_row bytes apart, into rows of planes that begin plane_row bytes
/// apart. What is left between a row's end and the next one's beginning is set to fill[c], where there is a fill; behind the
/// last row nothing is written.
OPSIS_API void separate3_rows(const uint8_t* pixels, int64_t pixel_row, int64_t rows, int64_t count, uint8_t* const planes[3],
                              int64_t plane_row, const uint8_t fill[3]);
/// The same where what is left is set to the pixels beside it: `behind` bytes, at most plane_row - count, to the last of the
/// row, and the others to the first of the next row.
OPSIS_API void separate3_rows_between_edges(const uint8_t* pixels, int64_t pixel_row, int64_t rows, int64_t count,
                                            uint8_t* const planes[3], int64_t plane_row, int64_t behind);

}  // namespace opsis::inline v1::simd
