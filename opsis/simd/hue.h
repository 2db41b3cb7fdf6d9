// Turning hues.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"
#include "opsis/simd/rgb.h"

namespace opsis::inline v1::simd {

/// Adds a part of the circle, in [-0.5, 0.5], to the hue of each pixel: by HSV in float32, in torchvision's order of operations.
OPSIS_API void turn_hue(const Rgb& in, int64_t count, float turn, const RgbOut& out);

}  // namespace opsis::inline v1::simd
