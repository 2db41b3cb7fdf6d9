// What stands between a JPEG's coefficients and its pixels, to the bit as libjpeg-turbo has it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// Two blocks of 8x8 coefficients next to each other, row by row: eight of the left one, eight of the right one, and so on.
/// Then comes a row that nobody looks at.
constexpr int64_t jpeg_pair = 144, jpeg_nowhere = 128;

/// Whether the functions below are there: they need vectors of 16 bytes.
OPSIS_API bool has_jpeg();

/// The inverse cosine transform, by libjpeg's accurate integers ("islow"), of `pairs` pairs of blocks that lie next to each
/// other in the picture, to 8 rows of 16 * pairs samples. Coefficients are multiplied by the quantization (64 of them, by rows)
/// first. Sets them to 0 for the next blocks. False when they, or what comes of them, are larger than any picture's: versions of
/// libjpeg overflow there each in its way.
OPSIS_API bool jpeg_inverse_dct(int16_t* coefficients, const uint16_t* quantization, int64_t pairs, uint8_t* out,
                                ptrdiff_t out_stride);

/// Likewise to 2x2 samples a block, by libjpeg's reduced transform: two rows of 4 * pairs. Of the coefficients only the first
/// and the odd ones take part.
OPSIS_API bool jpeg_inverse_dct_to_two(int16_t* coefficients, const uint16_t* quantization, int64_t pairs, uint8_t* above,
                                       uint8_t* below);

/// Twice as many samples: each is mixed 3:1 with its nearer neighbor in the row ("fancy upsampling"). The outermost stay.
OPSIS_API void jpeg_widen(const uint8_t* row, int64_t count, uint8_t* out);
/// Likewise of a row that lies between two, nearer to the first one.
OPSIS_API void jpeg_widen(const uint8_t* near, const uint8_t* far, int64_t count, uint8_t* out);

/// Y, Cb and Cr to red, green and blue next to each other.
OPSIS_API void jpeg_to_rgb(const uint8_t* y, const uint8_t* cb, const uint8_t* cr, int64_t count, uint8_t* rgb);

}  // namespace opsis::inline v1::simd
