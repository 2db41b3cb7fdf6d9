#include "opsis/simd/nearest.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace opsis::inline v1::simd {

std::vector<int32_t> nearest_indices(int64_t from, int64_t to, bool exact) {
  std::vector<int32_t> indices(static_cast<size_t>(to));
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  for (int64_t i = 0; i < to; ++i) {
    // Of the exact one, the centre is found in double, rounded to float, and brought back from there.
    const auto centre = std::max((static_cast<double>(i) + 0.5) * static_cast<double>(scale) - 0.5, 0.0);
    const float position =
        exact ? static_cast<float>(static_cast<double>(static_cast<float>(centre)) + 0.5) : static_cast<float>(i) * scale;
    indices[static_cast<size_t>(i)] =
        static_cast<int32_t>(std::min<int64_t>(static_cast<int64_t>(std::floor(position)), from - 1));
  }
  return indices;
}

namespace {

template <size_t kBytes>
void copy_pixels(const uint8_t* row, const int32_t* indices, int64_t size, uint8_t* out) {
  for (int64_t i = 0; i < size; ++i) {
    std::memcpy(out + i * static_cast<int64_t>(kBytes), row + indices[i] * static_cast<int64_t>(kBytes), kBytes);
  }
}

}  // namespace

void nearest_row(const uint8_t* row, const int32_t* indices, int64_t size, int64_t bytes, uint8_t* out) {
  switch (bytes) {
    case 1: return copy_pixels<1>(row, indices, size, out);
    case 2: return copy_pixels<2>(row, indices, size, out);
    case 3: return copy_pixels<3>(row, indices, size, out);
    case 4: return copy_pixels<4>(row, indices, size, out);
    case 6: return copy_pixels<6>(row, indices, size, out);
    case 8: return copy_pixels<8>(row, indices, size, out);
    case 12: return copy_pixels<12>(row, indices, size, out);
    default:
      for (int64_t i = 0; i < size; ++i) {
        std::memcpy(out + i * bytes, row + static_cast<int64_t>(indices[i]) * bytes, static_cast<size_t>(bytes));
      }
  }
}

}  // namespace opsis::inline v1::simd
