// Optical flow to colours, in torchvision's order of operations.
#pragma once

#include <array>
#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// The hues of a wheel as levels in [0, 1], channel after channel. The last hue stands before the first one and the first after
/// the last, so that what is around hue k is at k + 1 and k + 2, for a k of -1 too.
constexpr int64_t kFlowHues = 55;
using FlowWheel = std::array<std::array<float, kFlowHues + 2>, 3>;

/// x * x + y * y.
OPSIS_API void squared_lengths(const float* x, const float* y, int64_t count, float* squares);

/// x and y divided and turned around, -(x / divisor) and -(y / divisor), with the squares of their lengths. Returns whether all
/// of these are finite.
OPSIS_API bool reversed_parts(const float* x, const float* y, int64_t count, float divisor, float* to_x, float* to_y,
                              float* squares);

/// Of an angle in [-pi, pi] the colour; of the length, which is at most 1 but for what is rounded, how far it is from white.
OPSIS_API void flow_colors(const float* angle, const float* length, int64_t count, const FlowWheel& wheel, uint8_t* red,
                           uint8_t* green, uint8_t* blue);

}  // namespace opsis::inline v1::simd
