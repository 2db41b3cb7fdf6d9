#include "opsis/simd/nearest.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

#include "tests/simd/every_target.h"

namespace opsis {
namespace {

std::vector<uint8_t> some_bytes(int64_t count) {
  std::mt19937 random(3);
  std::vector<uint8_t> bytes(static_cast<size_t>(count));
  for (auto& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

// Each row in memory of its own, so that a sanitizer sees what is read or written beside it.
void expect_plain(const std::vector<int32_t>& indices, int64_t from, int64_t bytes) {
  const auto row = some_bytes(from * bytes);
  std::vector<uint8_t> expected(indices.size() * static_cast<size_t>(bytes));
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto pixel = static_cast<size_t>(bytes);
    expected[i] = row[static_cast<size_t>(indices[i / pixel]) * pixel + i % pixel];
  }
  support::on_every_target([&] {
    std::vector<uint8_t> out(expected.size() + 1, 0xAB);
    simd::NearestRows(indices, from, bytes).copy(row.data(), out.data());
    EXPECT_EQ(out.back(), 0xAB);
    out.pop_back();
    EXPECT_EQ(out, expected) << from << " to " << indices.size() << " of " << bytes;
  });
}

TEST(NearestRows, CopiesAnyPixelsToAnySize) {
  for (const int64_t bytes : {1, 2, 3, 4, 6, 12, 16}) {
    for (const int64_t from : {1, 5, 16, 40, 63, 64, 65, 130, 500, 1024}) {
      for (const int64_t to : {1, 7, 15, 16, 17, 64, 65, 224, 700}) {
        for (const bool exact : {false, true}) expect_plain(simd::nearest_indices(from, to, exact), from, bytes);
      }
    }
  }
}

TEST(NearestRows, TakesIndicesInAnyOrder) {
  for (const int64_t from : {3, 70, 200, 5000}) {
    std::vector<int32_t> mirrored, strewn;
    std::mt19937 random(5);
    for (int64_t i = 0; i < 200; ++i) {
      mirrored.push_back(static_cast<int32_t>((from - 1) * (199 - i) / 199));
      strewn.push_back(static_cast<int32_t>(random() % static_cast<uint32_t>(from)));
    }
    for (const int64_t bytes : {1, 3}) {
      expect_plain(mirrored, from, bytes);
      expect_plain(strewn, from, bytes);
    }
  }
}

}  // namespace
}  // namespace opsis
