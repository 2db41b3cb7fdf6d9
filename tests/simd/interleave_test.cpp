#include "opsis/simd/interleave.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/simd/every_target.h"

namespace opsis {
namespace {

TEST(Interleave3, PutsPlanesTogetherAndApartOnEveryTarget) {
  support::on_every_target([&] {
    for (const size_t count : {0, 1, 15, 16, 17, 63, 64, 65, 200}) {
      std::vector<uint8_t> planes(3 * count + 1), out(3 * count + 2, 0xAB);
      for (size_t i = 0; i < planes.size(); ++i) planes[i] = static_cast<uint8_t>(i * 37 + i / 256);
      const uint8_t* const starts[] = {planes.data() + 1, planes.data() + 1 + count, planes.data() + 1 + 2 * count};
      simd::interleave3(starts, count, out.data() + 1);
      for (size_t i = 0; i < 3 * count; ++i) ASSERT_EQ(out[1 + i], starts[i % 3][i / 3]) << count << ' ' << i;
      EXPECT_EQ(out.front(), 0xAB);
      EXPECT_EQ(out.back(), 0xAB);

      std::vector<uint8_t> back(3 * count + 1, 0xAB);
      uint8_t* const ends[] = {back.data(), back.data() + count, back.data() + 2 * count};
      simd::separate3(out.data() + 1, count, ends);
      EXPECT_TRUE(std::equal(back.begin(), back.end() - 1, planes.begin() + 1)) << count;
      EXPECT_EQ(back.back(), 0xAB);
      std::vector<float> floats(out.begin() + 1, out.end() - 1), separated(3 * count + 1, -1);
      float* const float_ends[] = {separated.data(), separated.data() + count, separated.data() + 2 * count};
      simd::separate3(floats.data(), count, float_ends);
      EXPECT_TRUE(std::equal(separated.begin(), separated.end() - 1, back.begin())) << count;
      EXPECT_EQ(separated.back(), -1);
      std::vector<float> together(3 * count + 1, -1);
      simd::interleave3(float_ends, count, together.data());
      EXPECT_TRUE(std::equal(together.begin(), together.end() - 1, floats.begin())) << count;
      EXPECT_EQ(together.back(), -1);
      std::vector<uint16_t> words(separated.begin(), separated.end() - 1), pixels(3 * count + 1, 0xABAB);
      const uint16_t* const word_starts[] = {words.data(), words.data() + count, words.data() + 2 * count};
      simd::interleave3(word_starts, count, pixels.data());
      EXPECT_TRUE(std::equal(pixels.begin(), pixels.end() - 1, floats.begin())) << count;
      EXPECT_EQ(pixels.back(), 0xABAB);
    }
  });
}

TEST(Separate3Rows, FillsWhatIsLeftBetweenRowsAndNothingBehindTheLast) {
  constexpr int64_t rows = 3;
  support::on_every_target([&] {
    for (const int64_t count : {1, 15, 63, 64, 65, 130}) {
      for (const int64_t gap : {0, 1, 40, 64, 100}) {
        const int64_t pixel_row = 3 * count + 5, plane_row = count + gap, plane = rows * plane_row;
        std::vector<uint8_t> pixels(static_cast<size_t>(rows * pixel_row));
        for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 37 + i / 256);
        const uint8_t fill[] = {1, 2, 3};
        for (const auto* const with : {fill, static_cast<const uint8_t*>(nullptr)}) {
          std::vector<uint8_t> out(static_cast<size_t>(3 * plane), 0xAB);
          uint8_t* const planes[] = {out.data(), out.data() + plane, out.data() + 2 * plane};
          simd::separate3_rows(pixels.data(), pixel_row, rows, count, planes, plane_row, with);
          for (int64_t c = 0; c < 3; ++c) {
            for (int64_t y = 0; y < rows; ++y) {
              for (int64_t x = 0; x < plane_row; ++x) {
                const uint8_t between = with && y + 1 < rows ? fill[c] : uint8_t{0xAB};
                const uint8_t expected = x < count ? pixels[static_cast<size_t>(y * pixel_row + 3 * x + c)] : between;
                ASSERT_EQ(planes[c][y * plane_row + x], expected) << count << ' ' << gap << ' ' << c << ' ' << y << ' ' << x;
              }
            }
          }
        }
      }
    }
  });
}

TEST(Separate3Rows, RepeatsEdgesBetweenRows) {
  constexpr int64_t rows = 3;
  support::on_every_target([&] {
    for (const int64_t count : {1, 15, 63, 64, 65, 130}) {
      for (const auto& sides : {std::pair<int64_t, int64_t>{0, 0}, {0, 3}, {2, 0}, {20, 20}, {70, 1}, {5, 130}}) {
        const int64_t behind = sides.first, gap = behind + sides.second;
        const int64_t pixel_row = 3 * count + 5, plane_row = count + gap, plane = rows * plane_row;
        std::vector<uint8_t> pixels(static_cast<size_t>(rows * pixel_row));
        for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 37 + i / 256);
        std::vector<uint8_t> out(static_cast<size_t>(3 * plane), 0xAB);
        uint8_t* const planes[] = {out.data(), out.data() + plane, out.data() + 2 * plane};
        simd::separate3_rows_between_edges(pixels.data(), pixel_row, rows, count, planes, plane_row, behind);
        for (int64_t c = 0; c < 3; ++c) {
          for (int64_t i = 0; i < plane; ++i) {
            const int64_t y = i / plane_row, x = i % plane_row;
            const int64_t at = x < count            ? y * pixel_row + 3 * x
                               : x < count + behind ? y * pixel_row + 3 * (count - 1)
                                                    : (y + 1) * pixel_row;
            const bool is_behind_all = y + 1 == rows && x >= count;
            const auto expected = is_behind_all ? uint8_t{0xAB} : pixels[static_cast<size_t>(at + c)];
            ASSERT_EQ(planes[c][i], expected) << count << ' ' << behind << ' ' << gap << ' ' << c << ' ' << i;
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace opsis
