#include "opsis/io/deflate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/io/deflate_noise.h"
#include "opsis/io/inflate.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

/// Bytes of a bell around 0, as wide as `deviation`.
std::vector<uint8_t> noise(size_t size, double deviation, unsigned seed = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> bell(0, deviation);
  std::vector<uint8_t> out(size);
  for (auto& byte : out) byte = static_cast<uint8_t>(static_cast<int>(bell(generator)));
  return out;
}

/// deflate_noise, which must not write past its bound.
std::vector<uint8_t> deflated(const std::vector<uint8_t>& bytes) {
  const auto bound = io::deflate_noise_bound(bytes.size());
  std::vector<uint8_t> out(bound + 16, 0xAB);
  const auto size = io::deflate_noise(bytes, out.data());
  EXPECT_LE(size, bound);
  EXPECT_TRUE(std::all_of(out.begin() + static_cast<ptrdiff_t>(bound), out.end(), [](uint8_t byte) { return byte == 0xAB; }));
  out.resize(size);
  return out;
}

void expect_survives(const std::vector<uint8_t>& bytes) {
  const auto stream = deflated(bytes);
  ASSERT_FALSE(stream.empty());
  if (!io::Deflater::is_built()) return;  // nor is inflate_raw
  ASSERT_EQ(io::inflate_raw(stream, bytes.size()), bytes);
}

TEST(DeflateNoise, IsInflatedToWhatItWas) {
  for (const size_t size : {1, 2, 3, 7, 8, 9, 31, 100, 8191, 8192, 8193, 70000, 300000}) {
    for (const double deviation : {3., 10., 30., 1e5}) {
      SCOPED_TRACE(testing::Message() << size << " bytes, " << deviation);
      expect_survives(noise(size, deviation));
    }
  }
}

TEST(DeflateNoise, KeepsRepeatsOfEveryLengthAndDistance) {
  std::mt19937 generator(2);
  for (const size_t length : {6, 7, 8, 10, 11, 18, 19, 100, 257, 258, 259, 600}) {
    for (const size_t distance : {1, 2, 3, 4, 5, 8, 9, 100, 8192, 20000, 32767, 32768, 32769}) {
      SCOPED_TRACE(testing::Message() << length << " bytes from " << distance << " before");
      auto bytes = noise(100000, 1e5, static_cast<unsigned>(length * distance));
      for (const size_t at : {40000, 60000}) {
        for (size_t i = 0; i < length; ++i) bytes[at + i] = bytes[at + i - distance];
      }
      expect_survives(bytes);
    }
  }
  // The search goes by small steps in the beginning, so it sees this one.
  auto bytes = noise(20000, 1e5);
  for (size_t i = 0; i < 300; ++i) bytes[20 + i] = bytes[i % 20];
  EXPECT_LT(deflated(bytes).size(), 19900);
}

TEST(DeflateNoise, KeepsBlocksOfDifferentKinds) {
  std::vector<uint8_t> bytes;
  for (const double deviation : {3., 1e5, 5., 4., 1e5, 1e5, 20.}) {
    const auto part = noise(30000, deviation, static_cast<unsigned>(bytes.size()));
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  expect_survives(bytes);
}

// Counts that double with each symbol would have codes of 20 bits and more.
TEST(DeflateNoise, CutsCodesThatWouldBeTooLong) {
  std::vector<uint8_t> bytes;
  for (unsigned i = 0; i < 18; ++i) bytes.insert(bytes.end(), size_t{1} << i, static_cast<uint8_t>(7 * i));
  std::shuffle(bytes.begin(), bytes.end(), std::mt19937(3));
  // As half of them are the same byte, runs of it repeat; by a second one that takes turns with each, they do not.
  std::vector<uint8_t> mixed;
  const auto between = noise(bytes.size(), 1e5);
  for (size_t i = 0; i < bytes.size(); ++i) mixed.insert(mixed.end(), {bytes[i], between[i]});
  expect_survives(mixed);
}

TEST(DeflateNoise, PacksWhatHasNoPattern) {
  const auto bytes = noise(200000, 1e5);
  EXPECT_LE(deflated(bytes).size(), bytes.size() + 64);
}

TEST(DeflateNoise, LeavesWhatRepeats) {
  EXPECT_TRUE(deflated(std::vector<uint8_t>(5000, 7)).empty());
  EXPECT_TRUE(deflated(noise(100000, 0.3)).empty());
  EXPECT_TRUE(deflated({}).empty());
}

TEST(Deflater, StreamsSurviveEveryLevel) {
  if (!io::Deflater::is_built()) {
    EXPECT_ERROR(io::Deflater(6), NotBuiltError, "deflate: built without libdeflate");
    return;
  }
  for (int64_t level = 0; level <= 9; ++level) {
    io::Deflater deflater(level);
    for (const auto& bytes : {std::vector<uint8_t>{}, noise(1, 3), noise(50000, 3), std::vector<uint8_t>(9000, 1),
                              noise(70000, 0.5), noise(3000, 1e5)}) {
      SCOPED_TRACE(testing::Message() << bytes.size() << " bytes, level " << level);
      const auto stream = deflater.zlib(bytes);
      ASSERT_GE(stream.size(), 6U);
      EXPECT_EQ((stream[0] << 8 | stream[1]) % 31, 0);
      EXPECT_EQ(io::inflate_raw(stream.subspan(2, stream.size() - 6), bytes.size()), bytes);
      uint32_t a = 1, b = 0, sum = 0;
      for (const auto byte : bytes) a = (a + byte) % 65521, b = (b + a) % 65521;
      for (const auto byte : stream.last(4)) sum = sum << 8 | byte;
      EXPECT_EQ(sum, b << 16 | a);
    }
  }
}

}  // namespace
}  // namespace opsis
