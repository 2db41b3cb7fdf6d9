// Convolutions of 3x3 by Winograd's F(4x4, 3x3), as in Lavin and Gray, Fast Algorithms for Convolutional Neural Networks
// (arXiv:1509.09308): a tile of 4x4 results needs 36 products in place of 144. Plain pointers, no tensor.
#pragma once

#include <cstdint>
#include <limits>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

constexpr int64_t kWinogradProducts = 36;

/// Pictures of (height, width, channels), one after the other, and results of (out_height, out_width, out_channels). Tiles are
/// counted from left to right, from top to bottom, from picture to picture.
struct Winograd {
  int64_t height = 0, width = 0, channels = 0;
  int64_t padding_y = 0, padding_x = 0;
  int64_t out_height = 0, out_width = 0, out_channels = 0;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();

  int64_t tiles_y() const { return (out_height + 3) / 4; }
  int64_t tiles_x() const { return (out_width + 3) / 4; }
};

/// weights: (out_channels, 3, 3, channels); out: (36, out_channels, channels).
OPSIS_API void winograd_weights(int64_t out_channels, int64_t channels, const float* weights, float* out);

/// What a tile sees: the 36 factors of each channel, out[product * stride + channel].
OPSIS_API void winograd_input(const Winograd& conv, const float* pictures, int64_t tile, float* out, int64_t stride);

/// The results of a tile, of sums[product * stride + out_channel]: bias and addend, which has the result's shape or is null, are
/// added, and they are held between low and high.
OPSIS_API void winograd_output(const Winograd& conv, const float* sums, int64_t stride, const float* bias, const float* addend,
                               int64_t tile, float* out);

}  // namespace opsis::inline v1::simd
