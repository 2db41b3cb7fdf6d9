// What the pixels of a resized line are made of: which of the source's, and with what weights.
#pragma once

#include <cstdint>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

enum class ResizeFilter { Bilinear, Bicubic };

/// Along one direction: what each pixel of the result is made of.
struct ResizeTaps {
  std::vector<int32_t> first;    ///< the first pixel that it takes
  std::vector<int32_t> count;    ///< how many it takes
  std::vector<int16_t> weights;  ///< `taps` for each; those beyond its count are 0
  int taps = 0;                  ///< the most that one takes
  int precision = 0;             ///< weights are multiples of 1 / 2^precision
};

/// The taps of pixels [begin, begin + size) of a line that goes from `from` pixels to `to`. ATen's, to the last bit: computed in
/// double and rounded to 16 bits with as many digits as the largest weight of the whole line leaves room for.
OPSIS_API ResizeTaps resize_taps(int64_t from, int64_t to, ResizeFilter filter, bool antialias, int64_t begin, int64_t size);

}  // namespace opsis::inline v1::simd
