// Bytes to floats.
#pragma once

#include <array>
#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// out[i] = in[i] * (1.0f / 255)
OPSIS_API void to_unit(const uint8_t* in, int64_t count, float* out);

/// Of one channel.
struct Normal {
  float mean, std;
};
/// out[i] = (in[i] * (1.0f / 255) - mean) / std
OPSIS_API void to_normal(const uint8_t* in, int64_t count, Normal normal, float* out);
/// The same of pixels that are one after the other, by their channels.
OPSIS_API void to_normal(const uint8_t* pixels, int64_t count, const std::array<Normal, 3>& normals, float* out);

}  // namespace opsis::inline v1::simd
