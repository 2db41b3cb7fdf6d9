// Planes of a picture into pixels.
#pragma once

#include <cstddef>
#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// out[3 * i + c] = planes[c][i] for i below count.
OPSIS_API void interleave3(const uint8_t* const planes[3], size_t count, uint8_t* out);

}  // namespace opsis::inline v1::simd
