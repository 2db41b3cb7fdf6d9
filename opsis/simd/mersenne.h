// The Mersenne Twister (MT19937), which LibTorch's CPU generator is, many words at a time.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

constexpr int64_t kMersenneWords = 624;

/// A generator's words become its next ones. They are raw: a generator tempers each as it gives it away.
OPSIS_API void twist(uint32_t* words);

/// out[i] in [0, 1): the lower 24 bits of each raw word once tempered, as torch.rand takes them in float32.
OPSIS_API void uniform(const uint32_t* words, int64_t count, float* out);

/// One word tempered.
constexpr uint32_t tempered(uint32_t word) {
  word ^= word >> 11;
  word ^= word << 7 & 0x9D2C5680u;
  word ^= word << 15 & 0xEFC60000u;
  return word ^ word >> 18;
}

}  // namespace opsis::inline v1::simd
