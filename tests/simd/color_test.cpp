// The kernels of colour on every instruction set, in both layouts, for odd numbers of pixels and memory that is not aligned,
// against plain loops and ATen.
#include <torch/torch.h>

#include <cmath>
#include <random>

#include "opsis/simd/blur.h"
#include "opsis/simd/hue.h"
#include "opsis/simd/levels.h"
#include "opsis/simd/luma.h"
#include "opsis/simd/scale.h"
#include "opsis/simd/sharpen.h"
#include "opsis/transforms/functional/color.h"
#include "tests/simd/every_target.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using Bytes8 = std::vector<uint8_t>;

constexpr int64_t counts[] = {1, 2, 15, 16, 17, 63, 64, 65, 130, 511, 512, 513, 1601};

Bytes8 random_bytes(int64_t count, unsigned seed = 1) {
  std::mt19937 generator(seed);
  Bytes8 out(static_cast<size_t>(count));
  for (auto& byte : out) byte = static_cast<uint8_t>(generator());
  return out;
}

// Memory for a result, not aligned, with bytes around it that must stay as they are.
template <class T>
class Guarded {
 public:
  explicit Guarded(int64_t count) : memory_(static_cast<size_t>(count) + 2 * margin, T{77}) {}
  T* data() { return memory_.data() + margin; }
  const T& operator[](int64_t i) const { return memory_[static_cast<size_t>(i) + margin]; }
  bool intact() const {
    for (size_t i = 0; i < margin; ++i) {
      if (memory_[i] != T{77} || memory_[memory_.size() - 1 - i] != T{77}) return false;
    }
    return true;
  }

 private:
  static constexpr size_t margin = 3;
  std::vector<T> memory_;
};

// The channel `c` of pixel `i`, in either layout.
template <class Memory>
auto channel(const Memory& memory, int64_t count, bool interleaved, int64_t i, int64_t c) {
  return memory[static_cast<size_t>(interleaved ? 3 * i + c : c * count + i)];
}

float plain_luma(uint8_t r, uint8_t g, uint8_t b) {
  return std::fma(static_cast<float>(b), 0.114f, std::fma(static_cast<float>(g), 0.587f, static_cast<float>(r) * 0.2989f));
}

// body(pixels, count, interleaved) for all numbers of pixels, on every target.
template <class Body>
void on_pixels(const Body& body) {
  support::on_every_target([&] {
    for (const auto count : counts) {
      for (const bool interleaved : {false, true}) {
        SCOPED_TRACE(::testing::Message() << count << (interleaved ? " interleaved" : " planar"));
        body(random_bytes(3 * count), count, interleaved);
      }
    }
  });
}

TEST(SimdLuma, EqualsThePlainLoop) {
  on_pixels([](const Bytes8& pixels, int64_t count, bool interleaved) {
    const auto rgb = simd::channels3(pixels.data(), count, interleaved);
    Guarded<uint8_t> bytes(count);
    Guarded<float> floats(count);
    simd::luma(rgb, count, bytes.data());
    simd::luma(rgb, count, floats.data());
    for (int64_t i = 0; i < count; ++i) {
      const auto at = [&](int64_t c) { return channel(pixels, count, interleaved, i, c); };
      const auto expected = static_cast<uint8_t>(plain_luma(at(0), at(1), at(2)));
      ASSERT_EQ(bytes[i], expected) << i;
      ASSERT_EQ(floats[i], expected) << i;
    }
    EXPECT_TRUE(bytes.intact() && floats.intact());
  });
}

TEST(SimdLuma, BlendEqualsThePlainLoop) {
  for (const float ratio : {0.0f, 0.3f, 1.0f, 1.7f, 300.0f}) {
    on_pixels([&](const Bytes8& pixels, int64_t count, bool interleaved) {
      Guarded<uint8_t> out(3 * count);
      simd::blend_with_luma(simd::channels3(pixels.data(), count, interleaved), count, ratio, 1.0f - ratio,
                            simd::channels3(out.data(), count, interleaved));
      for (int64_t i = 0; i < count; ++i) {
        const auto at = [&](int64_t c) { return channel(pixels, count, interleaved, i, c); };
        const auto gray = std::floor(plain_luma(at(0), at(1), at(2)));
        for (int64_t c = 0; c < 3; ++c) {
          const auto blended = std::fma(gray, 1.0f - ratio, static_cast<float>(at(c)) * ratio);
          ASSERT_EQ(channel(Bytes8(out.data(), out.data() + 3 * count), count, interleaved, i, c),
                    static_cast<uint8_t>(std::min(std::max(blended, 0.0f), 255.0f)))
              << i;
        }
      }
      EXPECT_TRUE(out.intact());
    });
  }
}

// All colours whose levels are multiples of 5, and their neighbours in memory: by ATen's operations on floats.
TEST(SimdHue, EqualsAten) {
  const auto levels = torch::arange(0, 256, 5, torch::kUInt8);
  const auto colours = torch::cartesian_prod({levels, levels, levels}).contiguous();  // (n, 3), pixel after pixel
  const auto count = colours.size(0) - 5;
  const auto planes = colours.slice(0, 0, count).t().contiguous();
  for (const double turn : {-0.5, -0.31, 0.0, 0.07, 0.5}) {
    const auto unit = planes.to(torch::kFloat32).mul_(1.0 / 255).view({3, 1, count});
    const auto expected =
        transforms::functional::adjust_hue(unit, turn).mul(255 + 1.0 - 1e-3).to(torch::kUInt8).view({3, count});
    support::on_every_target([&] {
      for (const bool interleaved : {false, true}) {
        SCOPED_TRACE(interleaved);
        const auto& from = interleaved ? colours : planes;
        auto out = torch::empty(interleaved ? std::vector<int64_t>{count, 3} : std::vector<int64_t>{3, count}, torch::kUInt8);
        simd::turn_hue(simd::channels3(from.const_data_ptr<uint8_t>(), count, interleaved), count, static_cast<float>(turn),
                       simd::channels3(out.mutable_data_ptr<uint8_t>(), count, interleaved));
        EXPECT_TENSOR_EQ(interleaved ? out.t().contiguous() : out, expected);
      }
    });
  }
}

TEST(SimdHue, OfFewPixelsIsThatOfMany) {
  const auto all = random_bytes(6000);
  Bytes8 expected(all.size());
  simd::turn_hue(simd::channels3(all.data(), 2000, true), 2000, 0.2f, simd::channels3(expected.data(), 2000, true));
  on_pixels([&](const Bytes8& pixels, int64_t count, bool interleaved) {
    if (!interleaved) return;
    ASSERT_TRUE(std::equal(pixels.begin(), pixels.end(), all.begin()));
    Guarded<uint8_t> out(3 * count);
    simd::turn_hue(simd::channels3(pixels.data(), count, true), count, 0.2f, simd::channels3(out.data(), count, true));
    EXPECT_TRUE(std::equal(out.data(), out.data() + 3 * count, expected.begin()));
    EXPECT_TRUE(out.intact());
  });
}

TEST(SimdLevels, AreMappedByTheirTables) {
  std::array<simd::Levels, 3> tables;
  for (unsigned k = 0; k < 3; ++k) std::copy_n(random_bytes(256, k + 5).begin(), 256, tables[k].begin());
  // Every level with three of its bits dropped and some turned over.
  simd::Levels bits;
  for (size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<uint8_t>((i & 0xB6) ^ 0x35);
  on_pixels([&](const Bytes8& pixels, int64_t count, bool interleaved) {
    Guarded<uint8_t> one(3 * count), three(3 * count), by_bits(3 * count);
    simd::map_levels(pixels.data(), 3 * count, tables[0], one.data());
    simd::map_levels(pixels.data(), 3 * count, bits, by_bits.data());
    simd::map_levels(simd::channels3(pixels.data(), count, interleaved), count, tables,
                     simd::channels3(three.data(), count, interleaved));
    for (int64_t i = 0; i < 3 * count; ++i) {
      const auto level = pixels[static_cast<size_t>(i)];
      ASSERT_EQ(one[i], tables[0][level]);
      ASSERT_EQ(by_bits[i], bits[level]);
      ASSERT_EQ(three[i], tables[static_cast<size_t>(interleaved ? i % 3 : i / count)][level]);
    }
    EXPECT_TRUE(one.intact() && three.intact() && by_bits.intact());
  });
}

TEST(SimdLevels, AreFoundAndCounted) {
  on_pixels([](const Bytes8& pixels, int64_t count, bool interleaved) {
    std::array<simd::Range, 3> ranges;
    std::array<simd::Histogram, 3> histograms{};
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t c = 0; c < 3; ++c) {
        const auto level = channel(pixels, count, interleaved, i, c);
        auto& range = ranges[static_cast<size_t>(c)];
        range = {std::min(range.least, level), std::max(range.most, level)};
        ++histograms[static_cast<size_t>(c)][level];
      }
    }
    const auto found = simd::ranges(pixels.data(), count);
    for (size_t c = 0; c < 3; ++c) {
      const auto range = interleaved ? found[c] : simd::range(pixels.data() + c * static_cast<size_t>(count), count);
      EXPECT_EQ(range.least, ranges[c].least);
      EXPECT_EQ(range.most, ranges[c].most);
      EXPECT_EQ(interleaved ? simd::histograms(pixels.data(), count)[c]
                            : simd::histogram(pixels.data() + c * static_cast<size_t>(count), count),
                histograms[c]);
    }
  });
}

TEST(SimdScale, EqualsDivision) {
  // The second std is one whose reciprocal does not do for all levels.
  const std::array<simd::Normal, 3> normals{{{0.485f, 0.229f}, {0.456f, 1.0000002f}, {0.406f, 1e-30f}}};
  const std::array<simd::Normal, 3> usual{{{0.485f, 0.229f}, {0.456f, 0.224f}, {0.406f, 0.225f}}};
  on_pixels([&](const Bytes8& pixels, int64_t count, bool interleaved) {
    if (!interleaved) return;
    const auto unit = [](uint8_t level) { return static_cast<float>(level) * static_cast<float>(1.0 / 255); };
    Guarded<float> units(3 * count);
    simd::to_unit(pixels.data(), 3 * count, units.data());
    for (int64_t i = 0; i < 3 * count; ++i) ASSERT_EQ(units[i], unit(pixels[static_cast<size_t>(i)]));
    EXPECT_TRUE(units.intact());
    for (const auto& set : {normals, usual}) {
      Guarded<float> three(3 * count);
      simd::to_normal(pixels.data(), count, set, three.data());
      for (int64_t i = 0; i < 3 * count; ++i) {
        const auto& normal = set[static_cast<size_t>(i % 3)];
        ASSERT_EQ(three[i], (unit(pixels[static_cast<size_t>(i)]) - normal.mean) / normal.std) << i;
      }
      EXPECT_TRUE(three.intact());
      for (const auto stores : {simd::Stores::Cached, simd::Stores::PastCaches}) {
        for (const int64_t ahead : {0, 1}) {  // not as memory is aligned
          std::vector<float> apart(static_cast<size_t>(ahead + 3 * count + 1), -7);
          float* const planes[] = {apart.data() + ahead, apart.data() + ahead + count, apart.data() + ahead + 2 * count};
          simd::to_normal_planes(pixels.data(), count, set, planes, stores);
          for (int64_t i = 0; i < 3 * count; ++i) ASSERT_EQ(planes[i % 3][i / 3], three[i]) << i;
          EXPECT_EQ(apart.back(), -7);
        }
      }
      for (const auto& normal : set) {
        Guarded<float> one(count);
        simd::to_normal(pixels.data(), count, normal, one.data());
        for (int64_t i = 0; i < count; ++i) {
          ASSERT_EQ(one[i], (unit(pixels[static_cast<size_t>(i)]) - normal.mean) / normal.std) << i;
        }
        EXPECT_TRUE(one.intact());
      }
    }
  });
}

TEST(SimdScale, DividesEachLevelBy255) {
  support::on_every_target([] {
    for (const int64_t count : {1, 255, 256, 1000}) {
      Bytes8 levels(static_cast<size_t>(3 * count));
      for (size_t i = 0; i < levels.size(); ++i) levels[i] = static_cast<uint8_t>(i);
      Guarded<float> one(3 * count), three(3 * count);
      simd::to_unit_divided(levels.data(), 3 * count, one.data());
      float* const planes[] = {three.data(), three.data() + count, three.data() + 2 * count};
      simd::to_unit_divided(levels.data(), count, planes);
      for (int64_t i = 0; i < 3 * count; ++i) {
        const float expected = static_cast<float>(levels[static_cast<size_t>(i)]) / 255.0f;
        ASSERT_EQ(one[i], expected) << i;
        ASSERT_EQ(planes[i % 3][i / 3], expected) << i;
      }
      EXPECT_TRUE(one.intact() && three.intact());
    }
  });
}

TEST(SimdScale, NormalizesFloats) {
  const std::array<simd::Normal, 3> normals{{{0.485f, 0.229f}, {0.456f, 1.0000002f}, {-3, 1e-30f}}};
  support::on_every_target([&] {
    for (const int64_t count : {1, 5, 16, 17, 100}) {
      std::vector<float> in(static_cast<size_t>(3 * count));
      for (size_t i = 0; i < in.size(); ++i) in[i] = std::sin(static_cast<float>(i)) * (i % 7 == 0 ? 1e-38f : 3.0f);
      Guarded<float> one(3 * count), three(3 * count);
      simd::normalize(in.data(), 3 * count, normals[0], one.data());
      simd::normalize(in.data(), count, normals, three.data());
      for (int64_t i = 0; i < 3 * count; ++i) {
        const auto number = in[static_cast<size_t>(i)];
        const auto& normal = normals[static_cast<size_t>(i % 3)];
        ASSERT_EQ(one[i], (number - normals[0].mean) / normals[0].std) << i;
        ASSERT_EQ(three[i], (number - normal.mean) / normal.std) << i;
      }
      EXPECT_TRUE(one.intact() && three.intact());
      simd::normalize(in.data(), count, normals, in.data());
      for (int64_t i = 0; i < 3 * count; ++i) ASSERT_EQ(in[static_cast<size_t>(i)], three[i]) << i;
    }
  });
}

struct Shape {
  int64_t height, width, channels;
};
constexpr Shape shapes[] = {{3, 3, 1}, {5, 7, 1}, {4, 6, 3}, {9, 65, 1}, {7, 43, 3}, {23, 130, 3}, {40, 5, 1}};

TEST(SimdSharpen, EqualsAten) {
  for (const auto& shape : shapes) {
    for (const double factor : {0.0, 0.5, 1.0, 2.0, 13.7}) {
      SCOPED_TRACE(::testing::Message() << shape.height << 'x' << shape.width << 'x' << shape.channels << " by " << factor);
      const auto pixels = random_bytes(shape.height * shape.width * shape.channels);
      // int16 goes by ATen; its largest pixel is another, so the result is clamped here.
      const auto image = torch::tensor(torch::ArrayRef<uint8_t>(pixels), torch::kInt16)
                             .view({shape.height, shape.width, shape.channels})
                             .permute({2, 0, 1});
      const auto three = shape.channels == 1 ? image : image.contiguous();
      const auto expected = transforms::functional::adjust_sharpness(three, factor).clamp(0, 255).to(torch::kUInt8);
      support::on_every_target([&] {
        Guarded<uint8_t> out(static_cast<int64_t>(pixels.size()));
        for (int64_t y = 0; y < shape.height; ++y) {
          simd::sharpen({pixels.data(), shape.height, shape.width, shape.channels}, static_cast<float>(1.0 - factor), y,
                        out.data());
        }
        const auto result = torch::from_blob(out.data(), {shape.height, shape.width, shape.channels}, torch::kUInt8);
        EXPECT_TENSOR_EQ(result.permute({2, 0, 1}).contiguous(), expected.contiguous());
        EXPECT_TRUE(out.intact());
      });
    }
  }
}

// In bands as at once; every target within rounding of the sum in doubles.
TEST(SimdBlur, EqualsTheSumInDoubles) {
  const std::vector<std::vector<float>> kernels{{1.0f}, {0.5f, 0.25f}, {0.4f, 0.2f, 0.1f}, {0.3f, 0.2f, 0.1f, 0.05f}};
  for (const auto& shape : shapes) {
    const auto pixels = random_bytes(shape.height * shape.width * shape.channels);
    const auto at = [&](int64_t y, int64_t x, int64_t c) {
      const auto reflected = [](int64_t i, int64_t size) { return i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i; };
      y = reflected(y, shape.height);
      x = reflected(x, shape.width);
      return static_cast<double>(pixels[static_cast<size_t>((y * shape.width + x) * shape.channels + c)]);
    };
    for (const auto& rows : kernels) {
      for (const auto& columns : kernels) {
        const auto x_radius = static_cast<int64_t>(rows.size()) - 1, y_radius = static_cast<int64_t>(columns.size()) - 1;
        if (x_radius >= shape.width || y_radius >= shape.height) continue;
        SCOPED_TRACE(::testing::Message() << shape.height << 'x' << shape.width << 'x' << shape.channels << " by " << x_radius
                                          << ", " << y_radius);
        std::vector<double> expected;
        for (int64_t y = 0; y < shape.height; ++y) {
          for (int64_t x = 0; x < shape.width; ++x) {
            for (int64_t c = 0; c < shape.channels; ++c) {
              double sum = 0;
              for (int64_t j = -y_radius; j <= y_radius; ++j) {
                for (int64_t k = -x_radius; k <= x_radius; ++k) {
                  sum += at(y + j, x + k, c) * static_cast<double>(columns[static_cast<size_t>(std::abs(j))]) *
                         static_cast<double>(rows[static_cast<size_t>(std::abs(k))]);
                }
              }
              expected.push_back(sum);
            }
          }
        }
        support::on_every_target([&] {
          for (const int64_t band : {shape.height, int64_t{1}, int64_t{3}}) {
            Guarded<uint8_t> out(static_cast<int64_t>(pixels.size()));
            for (int64_t first = 0; first < shape.height; first += band) {
              simd::blur({pixels.data(), shape.height, shape.width, shape.channels}, rows, columns, first,
                         std::min(first + band, shape.height), out.data());
            }
            for (size_t i = 0; i < expected.size(); ++i) {
              ASSERT_NEAR(out[static_cast<int64_t>(i)], expected[i], 0.5001) << i;
            }
            EXPECT_TRUE(out.intact());
          }
        });
      }
    }
  }
}

// Wider than the strips of so many rows, in bands as at once.
TEST(SimdBlur, OfFloatsEqualsTheSumInDoubles) {
  constexpr int64_t height = 23, width = 611;
  const std::vector<float> rows{0.2f, 0.15f, 0.1f, 0.1f, 0.05f}, columns(21, 1.0f / 41);
  std::vector<float> plane;
  for (const auto byte : random_bytes(height * width)) plane.push_back(static_cast<float>(byte) / 255);
  const auto blurred_along = [](const std::vector<double>& in, const std::vector<float>& taps, bool along_rows) {
    std::vector<double> out;
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = 0; x < width; ++x) {
        const auto radius = static_cast<int64_t>(taps.size()) - 1;
        double sum = 0;
        for (int64_t k = -radius; k <= radius; ++k) {
          const auto reflected = [](int64_t i, int64_t size) { return i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i; };
          const auto from = along_rows ? y * width + reflected(x + k, width) : reflected(y + k, height) * width + x;
          sum += in[static_cast<size_t>(from)] * static_cast<double>(taps[static_cast<size_t>(std::abs(k))]);
        }
        out.push_back(sum);
      }
    }
    return out;
  };
  const auto expected =
      blurred_along(blurred_along(std::vector<double>(plane.begin(), plane.end()), rows, true), columns, false);
  support::on_every_target([&] {
    for (const int64_t band : {height, int64_t{5}}) {
      Guarded<float> out(height * width);
      for (int64_t first = 0; first < height; first += band) {
        simd::blur(simd::Plane{plane.data(), height, width, 50.0f, 7.0f}, rows, columns, first, std::min(first + band, height),
                   out.data());
      }
      for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(out[static_cast<int64_t>(i)], expected[i] * 50 / 7, 1e-5) << i;
      EXPECT_TRUE(out.intact());
    }
  });
}

}  // namespace
}  // namespace opsis
