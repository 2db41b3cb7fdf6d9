// Sharpening bytes, as Pillow and torchvision do.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"
#include "opsis/simd/blur.h"

namespace opsis::inline v1::simd {

/// Row `y` of a picture of at least 3x3 pixels: pixel + (smooth - pixel) * rest, in [0, 255] and cut to bytes, where smooth is the
/// mean of the 3x3 pixels around, rounded, in which the middle counts five times. Outermost pixels stay as they are.
OPSIS_API void sharpen(const Picture& in, float rest, int64_t y, uint8_t* out);

}  // namespace opsis::inline v1::simd
