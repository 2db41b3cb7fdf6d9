// A row of pixels from its end to its beginning. Plain pointers, no tensor.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// out[i] = row[width - 1 - i] for pixels of `bytes` bytes; the two must not overlap.
OPSIS_API void mirror_row(const uint8_t* row, int64_t width, int64_t bytes, uint8_t* out);

}  // namespace opsis::inline v1::simd
