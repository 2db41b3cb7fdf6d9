// Activation functions on numbers that are in the cache. Plain pointers, no tensor.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

enum class Activation { None, Sigmoid, Silu, Hardsigmoid, Hardswish, Gelu, Tanh };

/// Changes `count` rows of `columns` numbers, which are `stride` apart.
OPSIS_API void activate(Activation activation, float* rows, int64_t count, int64_t stride, int64_t columns);

}  // namespace opsis::inline v1::simd
