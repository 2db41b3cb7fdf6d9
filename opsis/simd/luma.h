// Gray, and colours nearer to gray or farther from it.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"
#include "opsis/simd/rgb.h"

namespace opsis::inline v1::simd {

/// The luma of BT.601, cut to a byte, as torchvision computes it in float32.
OPSIS_API void luma(const Rgb& in, int64_t count, uint8_t* out);
/// The same as whole numbers in floats, for sums over them.
OPSIS_API void luma(const Rgb& in, int64_t count, float* out);

/// pixel * ratio + luma * rest in [0, 255], cut to bytes.
OPSIS_API void blend_with_luma(const Rgb& in, int64_t count, float ratio, float rest, const RgbOut& out);

}  // namespace opsis::inline v1::simd
