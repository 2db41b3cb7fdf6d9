// Convolutions of each channel by itself, pixels' channels side by side, for inference. Plain pointers, no tensor.
#pragma once

#include <cstdint>
#include <limits>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// A window that is moved over a picture of (height, width, channels).
struct Depthwise {
  int64_t height = 0, width = 0, channels = 0;
  int64_t out_width = 0;
  int64_t kernel_height = 0, kernel_width = 0;
  int64_t stride_y = 1, stride_x = 1;
  int64_t padding_y = 0, padding_x = 0;
  int64_t dilation_y = 1, dilation_x = 1;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
};

/// Row y of the result: out[x][channel] for all x, held between low and high. weights: (kernel_height, kernel_width, channels);
/// bias: (channels). A picture of uint16_t is one of bfloat16.
OPSIS_API void depthwise_row(const Depthwise& conv, const float* picture, const float* weights, const float* bias, int64_t y,
                             float* out);
OPSIS_API void depthwise_row(const Depthwise& conv, const uint16_t* picture, const float* weights, const float* bias, int64_t y,
                             float* out);

}  // namespace opsis::inline v1::simd
