// The kernels of flow on every instruction set, for odd numbers of pixels, against plain loops in the same order of operations.
#include "opsis/simd/flow.h"

#include <cmath>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "tests/simd/every_target.h"

namespace opsis {
namespace {

using Floats = std::vector<float>;

constexpr int64_t kCounts[] = {1, 2, 3, 7, 15, 16, 17, 31, 63, 64, 65, 130, 1601};

Floats random_floats(int64_t count, float least, float most, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> numbers(least, most);
  Floats out(static_cast<size_t>(count));
  for (auto& number : out) number = numbers(generator);
  return out;
}

TEST(FlowKernels, TellWhatIsNotFinite) {
  support::on_every_target([] {
    for (const auto count : kCounts) {
      const auto n = static_cast<size_t>(count);
      auto x = random_floats(count, -9, 9, 1), y = random_floats(count, -9, 9, 2);
      Floats to_x(n), to_y(n), squares(n);
      const auto finite = [&](const Floats& first, const Floats& second) {
        return simd::reversed_parts(first.data(), second.data(), count, 13, to_x.data(), to_y.data(), squares.data());
      };
      EXPECT_TRUE(finite(x, y));
      for (const size_t at : {size_t{0}, n / 2, n - 1}) {
        for (const float odd : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
          const auto before = std::exchange(x[at], odd);
          EXPECT_FALSE(finite(x, y)) << odd;
          EXPECT_FALSE(finite(y, x)) << odd;
          x[at] = before;
        }
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
    for (const auto count : kCounts) {
      const auto x = random_floats(count, -9, 9, 3), y = random_floats(count, -9, 9, 4);
      const auto n = static_cast<size_t>(count);
      Floats minus_x(n + 1, 5.0F), minus_y(n + 1, 5.0F), length(n + 1, 5.0F), squares(n + 1, 5.0F);
      simd::squared_lengths(x.data(), y.data(), count, squares.data());
      EXPECT_TRUE(simd::reversed_parts(x.data(), y.data(), count, 12.7F, minus_x.data(), minus_y.data(), length.data()));
      for (size_t i = 0; i < n; ++i) {
        EXPECT_EQ(minus_x[i], -(x[i] / 12.7F));
        EXPECT_EQ(minus_y[i], -(y[i] / 12.7F));
        EXPECT_EQ(length[i], minus_x[i] * minus_x[i] + minus_y[i] * minus_y[i]);
        EXPECT_EQ(squares[i], x[i] * x[i] + y[i] * y[i]);
      }
      EXPECT_EQ(minus_x[n] + minus_y[n] + length[n] + squares[n], 20);
      length[0] = 1.0000001F;

      auto angle = random_floats(count, -3.14159F, 3.14159F, 5);
      angle[0] = static_cast<float>(M_PI);
      angle[n - 1] = -static_cast<float>(M_PI) * 1.000001F;  // a rounding less than the least
      std::vector<uint8_t> bytes(3 * n + 3, 77);
      auto *const red = bytes.data(), *const green = red + n + 1, *const blue = green + n + 1;
      simd::flow_colors(angle.data(), length.data(), count, wheel, red, green, blue);
      for (size_t i = 0; i < n; ++i) {
        const float around = (angle[i] / static_cast<float>(M_PI) + 1) / 2 * 54;
        const float whole = std::floor(around), between = around - whole;
        const auto hue = static_cast<size_t>(static_cast<int64_t>(whole) + 1);
        for (size_t channel = 0; channel < 3; ++channel) {
          const float below = (1 - between) * wheel[channel][hue], above = between * wheel[channel][hue + 1];
          const float pale = length[i] * (1 - (below + above));
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
