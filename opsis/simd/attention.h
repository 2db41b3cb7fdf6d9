// softmax(q k^T * scale + mask) v of short sequences, for inference: a head at a time. Plain pointers, no tensor.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// Keys, and the numbers of each, are at most so many: some tokens' scores stay in the first cache.
constexpr int64_t kMostKeys = 512;

/// T: float, or uint16_t for bfloat16. Strides are those between tokens, whose numbers lie side by side.
template <class T>
struct Attention {
  int64_t tokens = 0, keys = 0;
  int64_t depth = 0;  ///< numbers of a query, and of a key
  int64_t width = 0;  ///< numbers of a value, and of a result
  float scale = 1;
  const T *query = nullptr, *key = nullptr, *value = nullptr;
  int64_t query_stride = 0, key_stride = 0, value_stride = 0;
  const float* mask = nullptr;  ///< (tokens, keys), what is added to the scores; null: nothing
  int64_t mask_stride = 0;
  T* out = nullptr;
  int64_t out_stride = 0;
};

/// So many numbers of memory attend() needs for itself. It is best aligned to a vector.
OPSIS_API int64_t attention_room(int64_t keys, int64_t depth, int64_t width);

/// Sums are of float32. A token that all keys are hidden from, by a mask of minus infinity, gets zeros, as LibTorch's does.
OPSIS_API void attend(const Attention<float>& head, float* room);
OPSIS_API void attend(const Attention<uint16_t>& head, float* room);

}  // namespace opsis::inline v1::simd
