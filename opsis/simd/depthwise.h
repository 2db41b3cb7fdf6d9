// Convolutions of each channel by itself, pixels' channels side by side, for inference. Plain pointers, no tensor.
#pragma once

#include <cstdint>
#include <limits>

#include "opsis/core/api.h"
#include "opsis/simd/activate.h"

namespace opsis::inline v1::simd {

/// Pixels beside each other of a result. They see some lines, all of it there, in which pixels have as many channels.
struct DepthwiseLine {
  int64_t pixels = 0, channels = 0;
  const float* const* lines = nullptr;  ///< what the first pixel sees, for each row of the window
  int64_t rows = 0, columns = 0;        ///< of the window
  int64_t stride = 1, dilation = 1;     ///< along the lines
  const float* weights = nullptr;       ///< (rows, columns) of the first channel; those of the others follow each
  int64_t weights_step = 0;             ///< from one of them to the next
  const float* bias = nullptr;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
  Activation activation = Activation::None;
  float* out = nullptr;
  int64_t out_step = 0;  ///< from pixel to pixel
};

/// out[pixel][channel], held between low and high, and activated.
OPSIS_API void depthwise_line(const DepthwiseLine& line);

}  // namespace opsis::inline v1::simd
