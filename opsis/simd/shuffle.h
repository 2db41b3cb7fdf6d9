// Channels in another order.
#pragma once

#include <array>
#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// out[3 * i + c] = pixels[3 * i + order[c]], of pixels that are one after the other.
OPSIS_API void shuffle(const uint8_t* pixels, int64_t count, std::array<int64_t, 3> order, uint8_t* out);

}  // namespace opsis::inline v1::simd
