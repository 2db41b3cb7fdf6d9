#include "opsis/simd/jpeg.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

namespace opsis {
namespace {

/// Calls `check` once for each set of instructions that has these kernels.
template <class Check>
void on_every_target(const Check& check) {
  for (const auto target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    SCOPED_TRACE(hwy::TargetName(target));
    if (simd::has_jpeg()) check();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// That the integers are libjpeg's, the codec's tests hold.
TEST(SimdJpeg, TransformIsTheInverseCosineTransformOnEveryTarget) {
  std::mt19937 generator(1);
  std::vector<uint16_t> quantization(64);
  for (auto& factor : quantization) factor = static_cast<uint16_t>(1 + generator() % 16);
  const int64_t pairs = 3;
  std::vector<int16_t> drawn(static_cast<size_t>(pairs * simd::jpeg_pair));
  for (int64_t i = 0; i < pairs * 128; ++i) {
    // A flat block, a sparse one, and full ones.
    const auto block = i / 128 * 2 + i % 16 / 8, place = i % 128 / 16 * 8 + i % 8;
    const bool there = block > 1 || place == 0 || (block == 1 && place % 9 == 0);
    if (there)
      drawn[static_cast<size_t>(i / 128 * simd::jpeg_pair + i % 128)] = static_cast<int16_t>(int(generator() % 41) - 20);
  }
  on_every_target([&] {
    auto coefficients = drawn;
    std::vector<uint8_t> out(128 * pairs);
    ASSERT_TRUE(simd::jpeg_inverse_dct(coefficients.data(), quantization.data(), pairs, out.data(), 16 * pairs));
    for (int64_t block = 0; block < 2 * pairs; ++block) {
      for (int64_t y = 0; y < 8; ++y) {
        for (int64_t x = 0; x < 8; ++x) {
          double sum = 0;
          for (int64_t v = 0; v < 8; ++v) {
            for (int64_t u = 0; u < 8; ++u) {
              const auto wave = [](int64_t at, int64_t k) {
                return std::cos((2 * at + 1) * k * std::numbers::pi / 16) * (k == 0 ? std::numbers::sqrt2 / 2 : 1);
              };
              const auto at = static_cast<size_t>(block / 2 * simd::jpeg_pair + v * 16 + block % 2 * 8 + u);
              sum += wave(y, v) * wave(x, u) * drawn[at] * quantization[static_cast<size_t>(8 * v + u)] / 4;
            }
          }
          const auto got = out[static_cast<size_t>(y * 16 * pairs + 8 * block + x)];
          ASSERT_NEAR(got, std::clamp(sum + 128, 0.0, 255.0), 0.6) << block << ", " << y << ", " << x;
        }
      }
    }
    for (int64_t i = 0; i < pairs * 128; ++i)
      ASSERT_EQ(coefficients[static_cast<size_t>(i / 128 * simd::jpeg_pair + i % 128)], 0);
  });
}

// Each sample is the mean of a quarter of the block, but for what the left out coefficients and the roundings do.
TEST(SimdJpeg, TransformToTwoIsTheMeanOfQuartersOnEveryTarget) {
  const std::vector<uint16_t> quantization(64, 3);
  on_every_target([&] {
    std::vector<int16_t> coefficients(simd::jpeg_pair);
    for (const size_t place : {0, 1, 16, 17, 8}) coefficients[place] = 40;
    auto whole = coefficients;
    std::vector<uint8_t> out(128), two(8);
    ASSERT_TRUE(simd::jpeg_inverse_dct_to_two(coefficients.data(), quantization.data(), 1, two.data(), two.data() + 4));
    ASSERT_TRUE(simd::jpeg_inverse_dct(whole.data(), quantization.data(), 1, out.data(), 16));
    for (size_t y = 0; y < 2; ++y) {
      for (size_t x = 0; x < 4; ++x) {
        double sum = 0;
        for (size_t i = 0; i < 16; ++i) sum += out[(4 * y + i / 4) * 16 + 4 * x + i % 4];
        ASSERT_NEAR(two[4 * y + x], sum / 16, 1) << y << ", " << x;
      }
    }
    EXPECT_EQ(coefficients[0], 0);
    coefficients[0] = 30000;
    EXPECT_FALSE(simd::jpeg_inverse_dct(std::vector(coefficients).data(), quantization.data(), 1, out.data(), 16));
    EXPECT_FALSE(simd::jpeg_inverse_dct_to_two(coefficients.data(), quantization.data(), 1, two.data(), two.data() + 4));
  });
}

// Of 16 bits, and of libjpeg's table of samples: where its versions differ, whatever the blocks beside are.
TEST(SimdJpeg, TransformsRefuseWhatIsLargerThanAnyPicturesOnEveryTarget) {
  const int64_t pairs = 2;
  const auto fits = [&](std::initializer_list<std::pair<size_t, int>> block, uint16_t factor) {
    const std::vector<uint16_t> quantization(64, factor);
    std::vector<uint8_t> out(128 * pairs), two(out);
    bool all = true, none = true;
    for (const size_t at : {0, 8, 144, 152}) {
      std::vector<int16_t> coefficients(pairs * simd::jpeg_pair);
      for (const auto& [place, value] : block) coefficients[at + place] = static_cast<int16_t>(value);
      auto same = coefficients;
      const bool whole = simd::jpeg_inverse_dct(coefficients.data(), quantization.data(), pairs, out.data(), 16 * pairs);
      const bool reduced = simd::jpeg_inverse_dct_to_two(same.data(), quantization.data(), pairs, two.data(), two.data() + 64);
      all &= whole && reduced;
      none &= !whole && !reduced;
    }
    EXPECT_TRUE(all || none);
    return all;
  };
  on_every_target([&] {
    EXPECT_TRUE(fits({{0, 1000}}, 4));   // 500 above the middle
    EXPECT_FALSE(fits({{0, 1030}}, 4));  // a sample of 515
    EXPECT_FALSE(fits({{0, -1030}}, 4));
    EXPECT_FALSE(fits({{0, 600}, {17, 300}}, 8));
    EXPECT_FALSE(fits({{0, 1023}, {1, 1023}, {16, 1023}}, 15));  // between the passes
    for (const int value : {300, 560, 820, -300, -1000}) {       // times 255, some of these are small again in 16 bits
      EXPECT_FALSE(fits({{0, value}}, 255)) << value;
      EXPECT_FALSE(fits({{17, value}}, 255)) << value;
    }
  });
}

TEST(SimdJpeg, WidenMixesWithTheNearerNeighborOnEveryTarget) {
  std::mt19937 generator(2);
  std::vector<uint8_t> near(2100), far(2100);
  for (auto* row : {&near, &far}) std::generate(row->begin(), row->end(), [&] { return static_cast<uint8_t>(generator()); });
  on_every_target([&] {
    for (const int64_t count : {3, 7, 8, 9, 100, 1024, 1025, 2100}) {
      std::vector<uint8_t> flat(static_cast<size_t>(2 * count)), between(flat);
      simd::jpeg_widen(near.data(), count, flat.data());
      simd::jpeg_widen(near.data(), far.data(), count, between.data());
      for (int64_t i = 0; i < 2 * count; ++i) {
        const auto here = static_cast<size_t>(i / 2);
        const auto other = static_cast<size_t>(std::clamp<int64_t>(i / 2 + (i % 2 == 0 ? -1 : 1), 0, count - 1));
        const auto sum = [&](size_t x) { return 3 * near[x] + far[x]; };
        ASSERT_EQ(flat[static_cast<size_t>(i)], (3 * near[here] + near[other] + (i % 2 == 0 ? 1 : 2)) >> 2) << i;
        ASSERT_EQ(between[static_cast<size_t>(i)], (3 * sum(here) + sum(other) + (i % 2 == 0 ? 8 : 7)) >> 4) << i;
      }
    }
  });
}

TEST(SimdJpeg, ColorsAreLibjpegsForEveryYCbCr) {
  std::vector<uint8_t> y(257), cb(257), cr(257), rgb(771);
  const auto clamped = [](int value) { return static_cast<uint8_t>(std::clamp(value, 0, 255)); };
  const auto fixed = [](double factor) { return static_cast<int>(factor * 65536 + 0.5); };
  on_every_target([&] {
    for (int b = 0; b < 256; b += 3) {
      for (int r = 0; r < 256; r += 3) {
        for (size_t i = 0; i < y.size(); ++i) {
          y[i] = static_cast<uint8_t>(i);
          cb[i] = static_cast<uint8_t>(b);
          cr[i] = static_cast<uint8_t>(r);
        }
        simd::jpeg_to_rgb(y.data(), cb.data(), cr.data(), 257, rgb.data());
        for (size_t i = 0; i < y.size(); i += 5) {
          const int u = b - 128, v = r - 128;
          ASSERT_EQ(rgb[3 * i], clamped(y[i] + ((fixed(1.40200) * v + 32768) >> 16)));
          ASSERT_EQ(rgb[3 * i + 1], clamped(y[i] + ((-fixed(0.34414) * u - fixed(0.71414) * v + 32768) >> 16)));
          ASSERT_EQ(rgb[3 * i + 2], clamped(y[i] + ((fixed(1.77200) * u + 32768) >> 16)));
        }
      }
    }
  });
}

}  // namespace
}  // namespace opsis
