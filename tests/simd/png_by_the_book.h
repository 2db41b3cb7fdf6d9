// PNG's filters as its specification tells them, a byte at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace support {

/// What each filter guesses byte x of row y to be, from what stands before it.
inline std::array<int, 5> guesses_by_the_book(const std::vector<uint8_t>& pixels, size_t y, size_t x, size_t row_bytes,
                                              size_t pixel_bytes) {
  const auto at = [&](size_t row, size_t byte) -> int { return pixels[row * row_bytes + byte]; };
  const int a = x >= pixel_bytes ? at(y, x - pixel_bytes) : 0, b = y > 0 ? at(y - 1, x) : 0;
  const int c = x >= pixel_bytes && y > 0 ? at(y - 1, x - pixel_bytes) : 0;
  const int p = a + b - c, pa = std::abs(p - a), pb = std::abs(p - b), pc = std::abs(p - c);
  return {0, a, b, (a + b) / 2, pa <= pb && pa <= pc ? a : pb <= pc ? b : c};
}

}  // namespace support
