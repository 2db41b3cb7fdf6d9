#include "opsis/simd/png_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "tests/simd/every_target.h"
#include "tests/simd/png_by_the_book.h"

namespace opsis {
namespace {

/// PNG's specification with libpng's choice of filters, a byte at a time.
std::vector<uint8_t> filter_by_the_book(const std::vector<uint8_t>& pixels, size_t height, size_t row_bytes,
                                        size_t pixel_bytes) {
  std::vector<uint8_t> out;
  for (size_t y = 0; y < height; ++y) {
    std::array<std::vector<uint8_t>, 5> rows;
    std::array<int, 5> sums{};
    for (size_t x = 0; x < row_bytes; ++x) {
      const auto guesses = support::guesses_by_the_book(pixels, y, x, row_bytes, pixel_bytes);
      for (size_t i = 0; i < 5; ++i) {
        rows[i].push_back(static_cast<uint8_t>(pixels[y * row_bytes + x] - guesses[i]));
        sums[i] += std::abs(static_cast<int8_t>(rows[i].back()));
      }
    }
    const auto best = static_cast<size_t>(std::min_element(sums.begin(), sums.end()) - sums.begin());
    out.push_back(static_cast<uint8_t>(best));
    out.insert(out.end(), rows[best].begin(), rows[best].end());
  }
  return out;
}

TEST(PngFilter, IsTheSpecificationsOnEveryTarget) {
  std::mt19937 generator(1);
  support::on_every_target([&] {
    std::array<int, 5> chosen{};
    for (const size_t pixel_bytes : {1, 2, 3, 4, 6, 8}) {
      for (const size_t width : {1, 2, 3, 5, 16, 33, 100}) {
        SCOPED_TRACE(std::to_string(pixel_bytes) + " bytes, " + std::to_string(width) + " wide");
        const size_t height = 40, row_bytes = width * pixel_bytes;
        // Rows like the one above, the pixel before, both or neither; and of all numbers, so that differences wrap around.
        std::vector<uint8_t> pixels(height * row_bytes);
        for (size_t y = 0; y < height; ++y) {
          const auto kind = generator() % 5;
          for (size_t x = 0; x < row_bytes; ++x) {
            auto& pixel = pixels[y * row_bytes + x];
            const int above = y > 0 ? *(&pixel - row_bytes) : 0, left = x >= pixel_bytes ? *(&pixel - pixel_bytes) : 0;
            const int likely[] = {above, left, (above + left) / 2, 0, static_cast<int>(generator() % 256)};
            pixel = static_cast<uint8_t>(likely[kind] + static_cast<int>(generator() % 7));
          }
        }
        const auto expected = filter_by_the_book(pixels, height, row_bytes, pixel_bytes);
        for (size_t y = 0; y < height; ++y) ++chosen[expected[y * (row_bytes + 1)]];

        // Off the alignment, and with bytes behind that must stay.
        std::vector<uint8_t> out(1 + expected.size() + 1, 0xAB);
        simd::png_filter(pixels.data(), height, row_bytes, pixel_bytes, out.data() + 1);
        ASSERT_TRUE(std::equal(expected.begin(), expected.end(), out.begin() + 1));
        ASSERT_EQ(out.front(), 0xAB);
        ASSERT_EQ(out.back(), 0xAB);
      }
    }
    for (const int count : chosen) EXPECT_GT(count, 0);
  });
}

// Paeth's guess for all bytes that its three neighbors can be, a step of some levels apart.
TEST(PngFilter, GuessesFromEveryNeighborhoodOnEveryTarget) {
  std::vector<uint8_t> above{0, 0}, row{0, 0};
  for (int left = 0; left < 256; left += 5) {
    for (int up = 0; up < 256; up += 3) {
      for (int up_left = 0; up_left < 256; up_left += 15) {
        above.insert(above.end(), {static_cast<uint8_t>(up_left), static_cast<uint8_t>(up)});
        row.insert(row.end(), {static_cast<uint8_t>(left), static_cast<uint8_t>(std::clamp(left + up - up_left, 0, 255))});
      }
    }
  }
  auto pixels = above;
  pixels.insert(pixels.end(), row.begin(), row.end());
  const auto expected = filter_by_the_book(pixels, 2, row.size(), 1);
  ASSERT_EQ(expected[row.size() + 1], 4);
  support::on_every_target([&] {
    std::vector<uint8_t> out(expected.size());
    simd::png_filter(pixels.data(), 2, row.size(), 1, out.data());
    EXPECT_EQ(out, expected);
  });
}

}  // namespace
}  // namespace opsis
