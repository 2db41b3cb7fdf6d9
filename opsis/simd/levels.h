// Bytes mapped to bytes, and what there is of each.
#pragma once

#include <array>
#include <cstdint>

#include "opsis/core/api.h"
#include "opsis/simd/rgb.h"

namespace opsis::inline v1::simd {

/// What each of the 256 levels becomes.
using Levels = std::array<uint8_t, 256>;

/// out[i] = table[in[i]]
OPSIS_API void map_levels(const uint8_t* in, int64_t count, const Levels& table, uint8_t* out);
/// The same with a table for each channel.
OPSIS_API void map_levels(const Rgb& in, int64_t count, const std::array<Levels, 3>& tables, const RgbOut& out);

struct Range {
  uint8_t least = 255, most = 0;
};
/// The least and the largest of bytes; of none, 255 and 0.
OPSIS_API Range range(const uint8_t* in, int64_t count);
/// The same of each channel of pixels that are one after the other.
OPSIS_API std::array<Range, 3> ranges(const uint8_t* pixels, int64_t count);

/// How often each level is there.
using Histogram = std::array<uint64_t, 256>;
OPSIS_API Histogram histogram(const uint8_t* in, int64_t count);
/// The same of each channel of pixels that are one after the other.
OPSIS_API std::array<Histogram, 3> histograms(const uint8_t* pixels, int64_t count);

}  // namespace opsis::inline v1::simd
