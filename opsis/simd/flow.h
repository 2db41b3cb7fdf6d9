// Optical flow to colours, in torchvision's order of operations.
#pragma once

#include <array>
#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// The hues of a wheel as levels in [0, 1], channel after channel. The last hue stands before the first one and the first after the
/// last, so that what is around hue k is at k + 1 and k + 2, for a k of -1 too.
constexpr int64_t kFlowHues = 55;
using FlowWheel = std::array<std::array<float, kFlowHues + 2>, 3>;

/// The largest x * x + y * y, which may be infinite; no number when an x or y is infinite or none.
OPSIS_API float longest_squared(const float* x, const float* y, int64_t count);

/// -(x / divisor) and -(y / divisor).
OPSIS_API void negative_parts(const float* x, const float* y, int64_t count, float divisor, float* to_x, float* to_y);

/// Of an angle in [-pi, pi] the colour, of the length of (x, y) how far it is from white. At most 1, but for what is rounded.
OPSIS_API void flow_colors(const float* x, const float* y, const float* angle, int64_t count, const FlowWheel& wheel,
                           uint8_t* red, uint8_t* green, uint8_t* blue);

}  // namespace opsis::inline v1::simd
