// Resizing by nearest: pixels of any size in bytes, copied.
#pragma once

#include <cstdint>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::simd {

/// The indices of nearest (or, exact, nearest-exact) from `from` pixels to `to`, as ATen rounds them in float.
OPSIS_API std::vector<int32_t> nearest_indices(int64_t from, int64_t to, bool exact);

/// One row of nearest: out[i] = row[indices[i]] for pixels of `bytes` bytes (1, 2, 3, 4, 6, 8, ...).
OPSIS_API void nearest_row(const uint8_t* row, const int32_t* indices, int64_t size, int64_t bytes, uint8_t* out);

}  // namespace opsis::inline v1::simd
