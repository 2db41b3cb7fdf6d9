// The box around what a mask shows. Plain pointers, no tensor.
#pragma once

#include <cstdint>
#include <optional>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// The outermost columns and rows with a byte that is not 0.
struct MaskExtent {
  int64_t left, top, right, bottom;
};

/// Of height * width bytes; none when all are 0. What lies inside the box found so far is not read.
OPSIS_API std::optional<MaskExtent> mask_extent(const uint8_t* mask, int64_t height, int64_t width);

}  // namespace opsis::inline v1::simd
