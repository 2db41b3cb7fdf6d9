// Normally distributed noise on bytes, out of the words of a Mersenne Twister.
//
// LibTorch makes normal numbers in one of two ways, each by the method of Box and Muller: of memory that is contiguous, sixteen
// float32 at once; of other memory, pairs of float64. The kernels below compute either to within a few units of float32's last
// place. A level changes by a whole number, so that is the same unless the number is as near to a whole one; where it is, the
// kernel says so, and the caller asks LibTorch.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// A level becomes level + trunc(normal * factor + offset).
struct Noise {
  float factor, offset;
  bool clip;  ///< to [0, 255], else it wraps around
  /// Whether the kernels may be used: such numbers are far within int16.
  bool is_moderate() const { return factor >= 0 && factor * 9 < 16000 && offset > -16000 && offset < 16000; }
};

/// `count` raw words and as many bytes, a multiple of 16. Indices of bytes that are in doubt go to `doubtful`, which has room for
/// all. Returns how many they are.
OPSIS_API int64_t add_noise_by_sixteens(const uint32_t* words, int64_t count, const uint8_t* in, const Noise& noise,
                                        uint8_t* out, int32_t* doubtful);
/// Two raw words for each of `count` bytes, an even number.
OPSIS_API int64_t add_noise_by_pairs(const uint32_t* words, int64_t count, const uint8_t* in, const Noise& noise, uint8_t* out,
                                     int32_t* doubtful);

}  // namespace opsis::inline v1::simd
