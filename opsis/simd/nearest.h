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

/// The same for many rows of `from` pixels: a group of bytes of the result is looked up at once in the vectors of the row that
/// it lies in, wherever these are few.
class OPSIS_API NearestRows {
 public:
  NearestRows(std::vector<int32_t> indices, int64_t from, int64_t bytes);
  void copy(const uint8_t* row, uint8_t* out) const;

  struct Tables {
    int64_t group = 0;           ///< bytes of the result; 0 where it is copied pixel by pixel
    int64_t windows = 0;         ///< of the row, side by side, for each group
    std::vector<int32_t> first;  ///< for each group, the byte of the row where the first window begins
    std::vector<uint8_t> bytes;  ///< for each group, where in the windows its bytes lie
  };

 private:
  std::vector<int32_t> indices_;
  int64_t bytes_;
  Tables tables_;
};

}  // namespace opsis::inline v1::simd
