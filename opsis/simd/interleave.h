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

}  // namespace opsis::inline v1::simd
