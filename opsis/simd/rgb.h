// Three channels of bytes in memory, for the kernels of colour.
#pragma once

#include <cstdint>

namespace opsis::inline v1::simd {

/// Red, green and blue: three planes, or one pixel after the other (then g is r + 1 and b is r + 2).
template <class T>
struct Channels3 {
  T* r;
  T* g;
  T* b;
  bool interleaved;

  /// The same from this pixel on.
  Channels3 from(int64_t pixel) const {
    const auto step = interleaved ? 3 * pixel : pixel;
    return {r + step, g + step, b + step, interleaved};
  }
};

using Rgb = Channels3<const uint8_t>;
using RgbOut = Channels3<uint8_t>;

/// One image of `plane` pixels that begins at `data`.
template <class T>
Channels3<T> channels3(T* data, int64_t plane, bool interleaved) {
  const auto step = interleaved ? 1 : plane;
  return {data, data + step, data + 2 * step, interleaved};
}

}  // namespace opsis::inline v1::simd
