// Bytes to floats, and floats normalised.
#pragma once

#include <array>
#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// out[i] = in[i] * (1.0f / 255)
OPSIS_API void to_unit(const uint8_t* in, int64_t count, float* out);

/// out[i] = in[i] / 255.0f, which differs from to_unit in some last bits.
OPSIS_API void to_unit_divided(const uint8_t* in, int64_t count, float* out);
/// The same of pixels that are one after the other, each channel into a plane of its own.
OPSIS_API void to_unit_divided(const uint8_t* pixels, int64_t count, float* const planes[3]);

/// Of one channel.
struct Normal {
  float mean, std;
};
/// out[i] = (in[i] * (1.0f / 255) - mean) / std
OPSIS_API void to_normal(const uint8_t* in, int64_t count, Normal normal, float* out);
/// The same of pixels that are one after the other, by their channels.
OPSIS_API void to_normal(const uint8_t* pixels, int64_t count, const std::array<Normal, 3>& normals, float* out);

/// How results are written. What is larger than the caches and read later goes past them: else each line of memory is read before
/// it is written over, and what is of use is driven out.
enum class Stores { Cached, PastCaches };
/// The same, each channel into a plane of its own.
OPSIS_API void to_normal_planes(const uint8_t* pixels, int64_t count, const std::array<Normal, 3>& normals,
                                float* const planes[3], Stores stores = Stores::Cached);

/// out[i] = (in[i] - mean) / std, of floats; they may be the same memory.
OPSIS_API void normalize(const float* in, int64_t count, Normal normal, float* out);
/// The same of pixels that are one after the other, by their channels.
OPSIS_API void normalize(const float* pixels, int64_t count, const std::array<Normal, 3>& normals, float* out);

}  // namespace opsis::inline v1::simd
