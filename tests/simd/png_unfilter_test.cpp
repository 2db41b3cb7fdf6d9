#include "opsis/simd/png_unfilter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/simd/every_target.h"
#include "tests/simd/png_by_the_book.h"

namespace opsis {
namespace {

/// PNG's specification, a byte at a time.
void unfilter_by_the_book(const std::vector<uint8_t>& filtered, size_t height, size_t row_bytes, size_t pixel_bytes,
                          std::vector<uint8_t>& out) {
  for (size_t y = 0; y < height; ++y) {
    const auto* row = filtered.data() + y * (row_bytes + 1);
    for (size_t x = 0; x < row_bytes; ++x) {
      const auto guesses = support::guesses_by_the_book(out, y, x, row_bytes, pixel_bytes);
      out[y * row_bytes + x] = static_cast<uint8_t>(row[1 + x] + guesses.at(row[0]));
    }
  }
}

TEST(PngUnfilter, IsTheSpecificationsOnEveryTarget) {
  std::mt19937 generator(1);
  support::on_every_target([&] {
    for (const size_t pixel_bytes : {1, 2, 3, 4, 6, 8}) {
      for (const size_t width : {1, 2, 3, 5, 16, 33, 100}) {
        SCOPED_TRACE(std::to_string(pixel_bytes) + " bytes, " + std::to_string(width) + " wide");
        const size_t height = 40, row_bytes = width * pixel_bytes, stride = row_bytes + 1;
        std::vector<uint8_t> filtered(height * stride), expected(height * row_bytes);
        for (auto& byte : filtered) byte = static_cast<uint8_t>(generator());
        for (size_t y = 0; y < height; ++y) filtered[y * stride] = static_cast<uint8_t>(generator() % 5);
        unfilter_by_the_book(filtered, height, row_bytes, pixel_bytes, expected);

        // Off the alignment, with space between rows that must stay, and in place.
        const size_t gap = 3;
        std::vector<uint8_t> out(1 + height * (row_bytes + gap), 0xAB);
        ASSERT_TRUE(simd::png_unfilter(filtered.data(), height, row_bytes, pixel_bytes, out.data() + 1, row_bytes + gap));
        auto in_place = filtered;
        ASSERT_TRUE(simd::png_unfilter(in_place.data(), height, row_bytes, pixel_bytes, in_place.data() + 1, stride));
        for (size_t y = 0; y < height; ++y) {
          const auto* row = expected.data() + y * row_bytes;
          ASSERT_TRUE(std::equal(row, row + row_bytes, out.data() + 1 + y * (row_bytes + gap))) << y;
          ASSERT_TRUE(std::equal(row, row + row_bytes, in_place.data() + y * stride + 1)) << y;
          for (size_t i = 0; i < gap; ++i) ASSERT_EQ(out[1 + y * (row_bytes + gap) + row_bytes + i], 0xAB);
          ASSERT_EQ(in_place[y * stride], filtered[y * stride]);
        }
      }
    }
  });
}

TEST(PngUnfilter, RefusesFiltersThatAreNot) {
  const std::vector<uint8_t> filtered{1, 7, 7, 5, 1, 1};
  std::vector<uint8_t> out(4);
  EXPECT_FALSE(simd::png_unfilter(filtered.data(), 2, 2, 1, out.data(), 2));
  EXPECT_EQ(out, (std::vector<uint8_t>{7, 14, 0, 0}));
}

}  // namespace
}  // namespace opsis
