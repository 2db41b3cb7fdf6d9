// How many rows of bins of a region are treated beside each other.
#pragma once

#include <cstdint>

namespace opsis::inline v1::simd {

/// A kernel's scratch holds so many rows of the plane.
inline constexpr int64_t kRowsAtOnce = 8;

}  // namespace opsis::inline v1::simd
