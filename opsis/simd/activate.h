// Activation functions on numbers that are in the cache. Plain pointers, no tensor.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

enum class Activation { None, Sigmoid, Silu, Hardsigmoid, Hardswish, Gelu, Tanh };

/// Whether kernels do it to sums in their registers, or nothing need be done.
constexpr bool is_short(Activation activation) {
  return activation == Activation::None || activation == Activation::Hardswish;
}

/// Changes `count` rows of `columns` numbers, which are `stride` apart.
OPSIS_API void activate(Activation activation, float* rows, int64_t count, int64_t stride, int64_t columns);

}  // namespace opsis::inline v1::simd
