// What the first version's transforms share. For Opsis's own sources.
#pragma once

#include "opsis/transforms/functional/fill.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms::detail {

/// An image or a video with `kernel` of its tensor; other values as they are.
template <class Kernel>
Value change_pixels(const Value& value, const Kernel& kernel) {
  return apply_kernel<Image, Video>(value, [&](const auto& pixels) { return wrap(kernel(pixels.data), pixels); });
}

/// A fill as v1's classes take it: none is 0.
inline Fill fill_or_zero(Fill fill) { return fill.is_none() ? Fill(0) : fill; }

}  // namespace opsis::inline v1::transforms::detail
