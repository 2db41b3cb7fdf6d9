#include "opsis/simd/tiles.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

namespace opsis {
namespace {

uint16_t half(float number) { return static_cast<uint16_t>(std::bit_cast<uint32_t>(number) >> 16); }
float whole(uint16_t number) { return std::bit_cast<float>(static_cast<uint32_t>(number) << 16); }

// A product of drawn numbers, in one strip after the other.
class Product {
 public:
  Product(int64_t columns, int64_t taps, int64_t depth, int64_t rows, std::mt19937& draw)
      : strips{columns, taps, depth}, rows_(rows), packed_(static_cast<size_t>(strips.size())) {
    std::uniform_real_distribution<float> number(-2, 2);
    for (auto* list : {&weights_, &seen_}) {
      list->resize(static_cast<size_t>((list == &weights_ ? columns : rows) * taps * depth));
      for (auto& one : *list) one = half(number(draw));
    }
    simd::pack_tiles(strips, weights_.data(), nullptr, packed_.data());
  }

  // Rows as a panel, or where they lie: of each row all taps behind each other.
  template <class Multiply>
  void expect_by(const Multiply& multiply, bool lying) const {
    const auto width = strips.taps * strips.depth;
    std::vector<uint16_t> panel(static_cast<size_t>(strips.panel(simd::kTileRows)), 0x7FC0);  // no numbers
    std::vector<const uint16_t*> at(static_cast<size_t>(strips.taps * rows_));
    std::vector<int64_t> taps(static_cast<size_t>(strips.taps));
    for (int64_t tap = 0; tap < strips.taps; ++tap) {
      taps[static_cast<size_t>(tap)] = tap * strips.depth;
      for (int64_t row = 0; row < rows_; ++row)
        at[static_cast<size_t>(tap * rows_ + row)] = seen_.data() + row * width + tap * strips.depth;
    }
    simd::fill_panel(strips, at.data(), rows_, panel.data());
    simd::TileRows rows{.upper = panel.data(), .lower = panel.data() + 16 * strips.blocks() * simd::kTileDepth, .count = rows_};
    if (lying) {
      rows = {.upper = seen_.data(),
              .lower = seen_.data() + 16 * width,
              .stride = width,
              .step = simd::kTileDepth,
              .taps = taps.data(),
              .count = rows_};
    }
    for (int64_t strip = 0; strip < strips.count(); ++strip) {
      alignas(64) float sums[simd::kTileRows * simd::kTileColumns];
      multiply(strips, packed_.data(), strip, rows, sums, nullptr, nullptr);
      for (int64_t row = 0; row < rows_; ++row) {
        for (int64_t c = 0; c < simd::kTileColumns && strip * simd::kTileColumns + c < strips.columns; ++c) {
          double sum = 0, size = 0;
          for (int64_t i = 0; i < width; ++i) {
            const double product = double{whole(weights_[static_cast<size_t>((strip * simd::kTileColumns + c) * width + i)])} *
                                   double{whole(seen_[static_cast<size_t>(row * width + i)])};
            sum += product;
            size += std::abs(product);
          }
          ASSERT_NEAR(sums[row * simd::kTileColumns + c], sum, 1e-6 * size) << "row " << row << ", column " << c;
        }
      }
    }
  }

  const simd::TileStrips strips;

 private:
  int64_t rows_;
  std::vector<uint16_t> weights_{}, seen_{}, packed_;
};

TEST(Tiles, MultiplyBfloat16OfAnySizeWithAndWithoutAmx) {
  if (!simd::has_tiles()) GTEST_SKIP() << "this machine has neither AMX nor AVX-512's products of bfloat16";
  std::mt19937 draw(0);
  const auto between = [&](int64_t first, int64_t last) { return std::uniform_int_distribution<int64_t>(first, last)(draw); };
  for (int round = 0; round < 300; ++round) {
    const auto depth = round % 3 == 0 ? 32 * between(1, 3) : between(1, 100);
    const Product product(between(1, 100), between(1, 4), depth, between(1, simd::kTileRows), draw);
    SCOPED_TRACE(testing::Message() << product.strips.columns << " columns, " << product.strips.taps << " taps of " << depth);
    {
      const simd::TilesInUse here;
      product.expect_by(simd::multiply_tiles, false);
    }
    product.expect_by(simd::multiply_by_dots, false);
    if (depth % 2 == 0) product.expect_by(simd::multiply_by_dots, true);
  }
}

}  // namespace
}  // namespace opsis
