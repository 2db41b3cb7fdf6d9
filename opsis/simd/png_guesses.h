// What PNG's filters guess a byte to be, a byte at a time: for processors without vectors.
#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>

namespace opsis::inline v1::simd {

/// By the number of the filter: none, sub, up, average, Paeth.
inline std::array<int, 5> png_guesses(int left, int above, int above_left) {
  const int to_left = std::abs(above - above_left), to_above = std::abs(left - above_left);
  const int nearest = std::min({to_left, to_above, std::abs(left + above - 2 * above_left)});
  const int paeth = nearest == to_left ? left : nearest == to_above ? above : above_left;
  return {0, left, above, (left + above) / 2, paeth};
}

}  // namespace opsis::inline v1::simd
