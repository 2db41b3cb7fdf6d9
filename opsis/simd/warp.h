// Bytes fetched from anywhere in a picture: the kernel of affine, rotate, perspective and elastic.
//
// The arithmetic is that of torch's float32 grid and grid_sample (zeros around, corners not aligned), operation by operation, so
// that the bytes are the same. Where torch's own code fuses multiplication and addition depends on the machine: it is asked for.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// Where each pixel of the target lies in the source, in torch's grid coordinates: -1 and 1 are the outer edges.
///     Affine       (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5])
///     Perspective  the same, each divided by m[6] x + m[7] y + 1, less 1
///     Displaced    (x + dx, y + dy), with a dx and dy for each pixel
struct WarpPlaces {
  enum class Kind { Affine, Perspective, Displaced };
  Kind kind = Kind::Affine;
  const float* x = nullptr;  ///< of each column; 64 floats can be read behind the last
  const float* y = nullptr;  ///< of each row
  float m[8] = {};
  bool fused = false;  ///< products are added unrounded (FMA), as torch's matrix product does on some machines
  const float* dx = nullptr;
  const float* dy = nullptr;
  int64_t step = 0;  ///< from a pixel's dx to the next one's, in floats
  int64_t row = 0;   ///< from a row's
};

/// Pictures of one size that are warped alike. A pixel of the source has `channels` bytes side by side, 1 or 3; those of the target
/// lie in planes.
struct WarpPictures {
  int64_t channels = 1;
  int64_t count = 1;
  int64_t source_height = 0, source_width = 0;  ///< at least 2 for bilinear; one picture below 2 GiB
  const uint8_t* source = nullptr;
  int64_t source_row = 0, source_picture = 0;  ///< strides in bytes
  int64_t target_width = 0;
  uint8_t* target = nullptr;
  int64_t target_row = 0, target_plane = 0, target_picture = 0;
  /// For every picture and channel what shows outside, from 0 to 255, or null. With a fill, bilinear blends edges with it as
  /// torchvision does; without, with 0.
  const float* fill = nullptr;
  /// Places become pixels, and four pixels are summed, by fused multiply-add; on sets without it as if not asked for.
  bool fused = false;
};

/// Rows [first, last) of the target, of every picture.
OPSIS_API void warp_nearest(const WarpPlaces& places, const WarpPictures& pictures, int64_t first, int64_t last);
OPSIS_API void warp_bilinear(const WarpPlaces& places, const WarpPictures& pictures, int64_t first, int64_t last);

}  // namespace opsis::inline v1::simd
