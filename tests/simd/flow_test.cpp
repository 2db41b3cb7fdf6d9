// The kernels of flow on every instruction set, for odd numbers of pixels, against plain loops in the same order of operations.
#include "opsis/simd/flow.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tests/simd/every_target.h"

namespace opsis {
namespace {

using Floats = std::vector<float>;

constexpr int64_t counts[] = {1, 2, 3, 7, 15, 16, 17, 31, 63, 64, 65, 130, 1601};

Floats random_floats(int64_t count, float least, float most, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> numbers(least, most);
  Floats out(static_cast<size_t>(count));
  for (auto& number : out) number = numbers(generator);
  return out;
}

TEST(FlowKernels, FindTheLongest) {
  support::on_every_target([] {
    for (const auto count : counts) {
      auto x = random_floats(count, -9, 9, 1), y = random_floats(count, -9, 9, 2);
      for (const int64_t at : {int64_t{0}, count / 2, count - 1}) {
        const auto i = static_cast<size_t>(at);
        const auto before = x[i];
        x[i] = -30;
        EXPECT_EQ(simd::longest_squared(x.data(), y.data(), count), 900 + y[i] * y[i]);
        x[i] = 1e30F;
        EXPECT_EQ(simd::longest_squared(x.data(), y.data(), count), std::numeric_limits<float>::infinity());
        for (const float odd : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
          x[i] = odd;
          EXPECT_TRUE(std::isnan(simd::longest_squared(x.data(), y.data(), count))) << odd;
          EXPECT_TRUE(std::isnan(simd::longest_squared(y.data(), x.data(), count))) << odd;
        }
        x[i] = before;
      }
    }
  });
}

TEST(FlowKernels, ColorAsPlainLoops) {
  simd::FlowWheel wheel{};
  for (size_t channel = 0; channel < 3; ++channel) {
    for (size_t i = 0; i < wheel[channel].size(); ++i)
      wheel[channel][i] = static_cast<float>((i * 37 + channel * 11) % 256) / 255;
  }
  support::on_every_target([&] {
    for (const auto count : counts) {
      const auto x = random_floats(count, -9, 9, 3), y = random_floats(count, -9, 9, 4);
      const auto n = static_cast<size_t>(count);
      Floats minus_x(n + 1, 5.0F), minus_y(n + 1, 5.0F);
      simd::negative_parts(x.data(), y.data(), count, 12.9F, minus_x.data(), minus_y.data());
      for (size_t i = 0; i < n; ++i) {
        EXPECT_EQ(minus_x[i], -(x[i] / 12.9F));
        EXPECT_EQ(minus_y[i], -(y[i] / 12.9F));
      }
      EXPECT_EQ(minus_x[n] + minus_y[n], 10);

      auto angle = random_floats(count, -3.14159F, 3.14159F, 5);
      angle[0] = static_cast<float>(M_PI);
      angle[n - 1] = -static_cast<float>(M_PI) * 1.000001F;  // a rounding less than the least
      std::vector<uint8_t> bytes(3 * n + 3, 77);
      auto *const red = bytes.data(), *const green = red + n + 1, *const blue = green + n + 1;
      simd::flow_colors(minus_x.data(), minus_y.data(), angle.data(), count, wheel, red, green, blue);
      for (size_t i = 0; i < n; ++i) {
        const float x2 = minus_x[i] * minus_x[i], y2 = minus_y[i] * minus_y[i];
        const float length = std::sqrt(x2 + y2);
        const float around = (angle[i] / static_cast<float>(M_PI) + 1) / 2 * 54;
        const float whole = std::floor(around), between = around - whole;
        const auto hue = static_cast<size_t>(static_cast<int64_t>(whole) + 1);
        for (size_t channel = 0; channel < 3; ++channel) {
          const float below = (1 - between) * wheel[channel][hue], above = between * wheel[channel][hue + 1];
          const float pale = length * (1 - (below + above));
          const auto level = static_cast<int64_t>(std::floor((1 - pale) * 255));
          EXPECT_EQ(bytes[channel * (n + 1) + i], static_cast<uint8_t>(level));
        }
      }
      for (size_t channel = 0; channel < 3; ++channel) EXPECT_EQ(bytes[channel * (n + 1) + n], 77);
    }
  });
}

}  // namespace
}  // namespace opsis
