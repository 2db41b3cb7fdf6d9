#include "opsis/simd/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "tests/simd/every_target.h"

namespace opsis {
namespace {

constexpr float kEndless = std::numeric_limits<float>::infinity();
constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();

// Rows with a gap behind each, of what is no number, and as much behind the last of memory: whoever reads it shows it.
template <class T>
struct Rows {
  Rows(int64_t count, int64_t width, int64_t gap)
      : stride(width + gap), numbers(static_cast<size_t>(std::max<int64_t>(1, count * stride)), number(kNothing)) {}
  Rows(int64_t count, int64_t width, int64_t gap, double size, std::mt19937& draw) : Rows(count, width, gap) {
    std::uniform_real_distribution<double> one(-size, size);
    for (int64_t row = 0; row < count; ++row) {
      for (int64_t i = 0; i < width; ++i) at(row, i) = number(static_cast<float>(one(draw)));
    }
  }

  static T number(float x) {
    if constexpr (std::is_same_v<T, float>) return x;
    return static_cast<T>(std::bit_cast<uint32_t>(x) >> 16);
  }
  static double exactly(T x) {
    if constexpr (std::is_same_v<T, float>) return x;
    return std::bit_cast<float>(static_cast<uint32_t>(x) << 16);
  }
  T& at(int64_t row, int64_t i) { return numbers[static_cast<size_t>(row * stride + i)]; }
  double get(int64_t row, int64_t i) const { return exactly(numbers[static_cast<size_t>(row * stride + i)]); }

  int64_t stride;
  std::vector<T> numbers;
};

template <class T>
struct Head {
  Head(int64_t tokens, int64_t keys, int64_t depth, int64_t width, bool masked, std::mt19937& draw, double size = 2)
      : tokens(tokens),
        keys(keys),
        depth(depth),
        width(width),
        masked(masked),
        query(tokens, depth, 3, size, draw),
        key(keys, depth, 1, size, draw),
        value(keys, width, 5, 1, draw),
        mask(tokens, keys, 2, 1, draw),
        out(tokens, width, 7) {}

  void attend() {
    std::vector<float> room(static_cast<size_t>(simd::attention_room(keys, depth, width)), kNothing);
    simd::attend(simd::Attention<T>{.tokens = tokens,
                                    .keys = keys,
                                    .depth = depth,
                                    .width = width,
                                    .scale = scale,
                                    .query = query.numbers.data(),
                                    .key = key.numbers.data(),
                                    .value = value.numbers.data(),
                                    .query_stride = query.stride,
                                    .key_stride = key.stride,
                                    .value_stride = value.stride,
                                    .mask = masked ? mask.numbers.data() : nullptr,
                                    .mask_stride = mask.stride,
                                    .out = out.numbers.data(),
                                    .out_stride = out.stride},
                 room.data());
  }

  // What it has written, and that it has written nothing else.
  void expect_near(double error) const {
    for (int64_t token = 0; token < tokens; ++token) {
      std::vector<double> weights(static_cast<size_t>(keys));
      double most = -kEndless, sum = 0;
      for (int64_t k = 0; k < keys; ++k) {
        auto& weight = weights[static_cast<size_t>(k)];
        for (int64_t i = 0; i < depth; ++i) weight += query.get(token, i) * key.get(k, i);
        weight = weight * double{scale} + (masked ? mask.get(token, k) : 0.0);
        most = std::max(most, weight);
      }
      for (auto& weight : weights) sum += weight = weight == -kEndless ? 0.0 : std::exp(weight - most);
      for (int64_t i = 0; i < width; ++i) {
        double expected = 0;
        for (int64_t k = 0; k < keys && sum > 0; ++k) expected += weights[static_cast<size_t>(k)] / sum * value.get(k, i);
        const double rounded = std::is_same_v<T, float> ? 0.0 : std::abs(expected) / 256;
        ASSERT_NEAR(out.get(token, i), expected, error + rounded) << "token " << token << ", number " << i;
      }
      for (auto i = width; i < out.stride; ++i) ASSERT_TRUE(std::isnan(out.get(token, i))) << "token " << token;
    }
  }

  int64_t tokens, keys, depth, width;
  bool masked;
  float scale = 0.25F;
  Rows<T> query, key, value;
  Rows<float> mask;
  Rows<T> out;
};

template <class T>
void expect_any_counts() {
  std::mt19937 draw(0);
  const auto between = [&](int64_t first, int64_t last) { return std::uniform_int_distribution<int64_t>(first, last)(draw); };
  const auto expect = [&](int64_t tokens, int64_t keys, int64_t depth, int64_t width, bool masked) {
    SCOPED_TRACE(testing::Message() << tokens << " tokens, " << keys << " keys of " << depth << ", values of " << width);
    Head<T> head(tokens, keys, depth, width, masked, draw);
    head.attend();
    head.expect_near(2e-5);  // of scores up to a hundred, which float32 has to seven digits
  };
  for (int64_t count = 1; count <= 70; ++count) {
    const auto depth = count % 3 == 0 ? between(1, 70) : 16 * between(1, 4);
    expect(count, count, depth, depth, count % 2 == 0);
    expect(between(1, 30), count, between(1, 40), between(1, 130), count % 2 == 1);
  }
  expect(13, simd::kMostKeys, simd::kMostKeys, 70, true);
  expect(0, 3, 8, 8, true);
}

TEST(Attention, IsThatOfAnyCountOfTokensKeysAndNumbers) {
  support::on_every_target([] { expect_any_counts<float>(); });
}

TEST(Attention, OfBfloat16IsRoundedOnce) {
  support::on_every_target([] { expect_any_counts<uint16_t>(); });
}

TEST(Attention, TakesScoresFarFromZeroAndFromEachOther) {
  std::mt19937 draw(0);
  support::on_every_target([&] {
    Head<float> head(20, 49, 32, 32, true, draw, 40);  // of tens of thousands
    for (int64_t token = 0; token < 20; ++token) {
      for (int64_t k = 0; k < 49; k += 2) head.mask.at(token, k) = token % 2 == 0 ? -1e30F : -100;
    }
    head.attend();
    head.expect_near(1e-2);  // a score is off by a thousandth
    // One token sees the greatest score alone.
    for (auto& number : head.query.numbers) number *= 1000;
    head.attend();
    for (int64_t token = 0; token < 20; ++token) {
      for (int64_t i = 0; i < 32; ++i) ASSERT_LE(std::abs(head.out.get(token, i)), 1.00001);
    }
  });
}

TEST(Attention, HidesKeysAndGivesZerosWhereAllAreHidden) {
  std::mt19937 draw(0);
  support::on_every_target([&] {
    for (const int64_t keys : {3, 16, 49}) {
      SCOPED_TRACE(keys);
      Head<float> head(14, keys, 8, 16, true, draw);
      for (int64_t token = 0; token < 14; ++token) {
        for (int64_t k = 0; k < keys; ++k) {
          if (token < 2 || (k + token) % 3 == 0) head.mask.at(token, k) = -kEndless;
        }
      }
      head.attend();
      head.expect_near(2e-5);
      for (int64_t i = 0; i < 16; ++i) ASSERT_EQ(head.out.get(1, i), 0);
    }
  });
}

TEST(Attention, PassesOnWhatIsNoNumber) {
  std::mt19937 draw(0);
  support::on_every_target([&] {
    for (const float nothing : {kNothing, -kNothing}) {
      for (int64_t k = 0; k < 20; ++k) {
        Head<float> head(3, 20, 8, 16, false, draw), seen = head;
        head.query.at(1, 5) = nothing;
        head.attend();
        seen.key.at(k, 5) = nothing;
        seen.attend();
        for (int64_t i = 0; i < 16; ++i) {
          ASSERT_TRUE(std::isnan(head.out.get(1, i)));
          ASSERT_FALSE(std::isnan(head.out.get(0, i)));
          for (int64_t token = 0; token < 3; ++token) ASSERT_TRUE(std::isnan(seen.out.get(token, i))) << "key " << k;
        }
      }
    }
  });
}

}  // namespace
}  // namespace opsis
