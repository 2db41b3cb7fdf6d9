// What inference does to pixels whose channels lie side by side, besides convolutions: means, scales, maxima. Plain pointers, no
// tensor. Numbers of uint16_t are bfloat16.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// sums[channel] over `count` pixels.
OPSIS_API void channel_sums(const float* pixels, int64_t count, int64_t channels, float* sums);
OPSIS_API void channel_sums(const uint16_t* pixels, int64_t count, int64_t channels, float* sums);

/// Each pixel's channels times theirs; `out` may be `pixels`.
OPSIS_API void scale_channels(const float* pixels, int64_t count, int64_t channels, const float* scale, float* out);
OPSIS_API void scale_channels(const uint16_t* pixels, int64_t count, int64_t channels, const uint16_t* scale, uint16_t* out);

/// The largest of each channel in a window of (height, width) pixels, at least one, whose rows are `stride` numbers apart; what is no
/// number is the largest.
OPSIS_API void window_maxima(const float* pixels, int64_t height, int64_t width, int64_t stride, int64_t channels, float* out);
OPSIS_API void window_maxima(const uint16_t* pixels, int64_t height, int64_t width, int64_t stride, int64_t channels,
                             uint16_t* out);

/// Of pixels that are `step` numbers apart, so many channels, side by side.
OPSIS_API void take_channels(const float* pixels, int64_t count, int64_t step, int64_t channels, float* out);
OPSIS_API void take_channels(const uint16_t* pixels, int64_t count, int64_t step, int64_t channels, float* out);

/// Rows of numbers as bfloat16, to the nearest.
OPSIS_API void to_bfloat16(const float* rows, int64_t count, int64_t columns, int64_t stride, uint16_t* out,
                           int64_t out_stride);

}  // namespace opsis::inline v1::simd
