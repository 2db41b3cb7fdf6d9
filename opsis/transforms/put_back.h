// Undoing a cut or a border. For Opsis's own sources.
#pragma once

#include <cstdint>

#include "opsis/core/size.h"
#include "opsis/transforms/functional/crop.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms::detail {

/// What was cut out at (left, top) of the source, back on a canvas of its size: the picture around it is gone. Negative numbers are
/// the borders of what was padded.
inline Value put_back(const Value& value, int64_t left, int64_t top, Size source) {
  return apply_kernel(value, [&](const auto& v) {
    return functional::crop(v, {.top = -top, .left = -left, .height = source.height, .width = source.width});
  });
}

}  // namespace opsis::inline v1::transforms::detail
