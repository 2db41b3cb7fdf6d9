// Blurring by two kernels, one along rows and one along columns.
//
// The kernels are symmetrical: given is the middle and what follows it. All is computed in float32, along rows first. The borders
// are reflected; a kernel's half must be less than the picture's side.
#pragma once

#include <cstdint>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// One channel, or several with the samples of a pixel one after the other; rows without gaps.
struct Picture {
  const uint8_t* data;
  int64_t height, width, channels;
};

/// Rows [first, last) of a picture, rounded.
OPSIS_API void blur(const Picture& in, const std::vector<float>& along_rows, const std::vector<float>& along_columns,
                    int64_t first, int64_t last, uint8_t* out);

/// One channel of floats; rows without gaps. What is blurred is multiplied by `factor`, then divided by `divisor`.
struct Plane {
  const float* data;
  int64_t height, width;
  float factor, divisor;
};

/// Rows [first, last) of a plane.
OPSIS_API void blur(const Plane& in, const std::vector<float>& along_rows, const std::vector<float>& along_columns,
                    int64_t first, int64_t last, float* out);

}  // namespace opsis::inline v1::simd
