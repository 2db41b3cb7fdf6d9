// The warp kernel on every instruction set, against ATen's grid_sample: of a float32 image the functional kernels take that, and
// rounded it is what uint8 must give, bit for bit.
#include "opsis/simd/warp.h"

#include <cmath>
#include <limits>

#include "opsis/core/parallel.h"
#include "opsis/transforms.h"
#include "tests/simd/every_target.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using namespace transforms;

torch::Tensor channels_innermost(const torch::Tensor& image) { return image.movedim(-3, -1).contiguous().movedim(-1, -3); }

// Equal; on sets without fused multiply-add, which ATen does not run on here, all but a few.
void expect_bytes(const torch::Tensor& actual, const torch::Tensor& expected) {
#if HWY_ARCH_X86
  const bool fuses = (hwy::SupportedTargets() & (HWY_AVX2 | HWY_AVX3)) != 0;
#else
  const bool fuses = true;
#endif
  if (fuses) {
    EXPECT_TENSOR_EQ(actual, expected);
  } else {
    EXPECT_LE(actual.ne(expected).sum().item<int64_t>(), 6 + expected.numel() / 50);
  }
}

// `warp` of bytes in several layouts, and of the same as floats.
template <class Warp>
void expect_bytes_as_floats(const torch::Tensor& image, const Warp& warp) {
  const auto expected = warp(image.to(torch::kFloat32)).round_().to(torch::kUInt8);
  support::on_every_target([&] {
    expect_bytes(warp(image), expected);
    expect_bytes(warp(channels_innermost(image)), expected);
    // Rows that begin anywhere: a part of a larger picture.
    const auto larger = torch::zeros({3, image.size(-2) + 2, image.size(-1) + 5}, torch::kUInt8);
    larger.slice(1, 1, -1).slice(2, 3, -2).copy_(image);
    expect_bytes(warp(larger.slice(1, 1, -1).slice(2, 3, -2)), expected);
    expect_bytes(warp(channels_innermost(larger).slice(1, 1, -1).slice(2, 3, -2)), expected);
  });
}

torch::Tensor noise(int64_t height, int64_t width) { return torch::randint(256, {3, height, width}, torch::kUInt8); }

constexpr InterpolationMode kModes[] = {InterpolationMode::NEAREST, InterpolationMode::BILINEAR};
const Fill kFills[] = {Fill(), 0, {10.0, 200.25, 30.0}};

TEST(WarpKernel, OfBytesIsThatOfFloatsRounded) {
  torch::manual_seed(0);
  const SerialScope serial;
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{2, 2},
                                      {2, 3},
                                      {3, 2},
                                      {5, 1},
                                      {1, 7},
                                      {9, 15},
                                      {17, 16},
                                      {8, 31},
                                      {3, 257},
                                      {40, 33},
                                      {2, 600}}) {
    const auto image = noise(height, width);
    for (const auto mode : kModes) {
      for (const auto& fill : kFills) {
        SCOPED_TRACE(testing::Message() << height << "x" << width << " " << mode << " " << fill.repr());
        expect_bytes_as_floats(
            image, [&](const auto& i) { return functional::rotate(i, 37.0, {.interpolation = mode, .fill = fill}); });
        expect_bytes_as_floats(image, [&](const auto& i) {
          return functional::rotate(i, 45.0, {.interpolation = mode, .expand = true, .fill = fill});
        });
        // Halves: every place lies between pixels.
        expect_bytes_as_floats(image, [&](const auto& i) {
          return functional::affine(i, 0, {0.5, -1.5}, 1, {0}, {.interpolation = mode, .fill = fill});
        });
        expect_bytes_as_floats(image, [&](const auto& i) {
          return functional::affine(i, 200, {1, 2}, 0.3, {10, 20}, {.interpolation = mode, .fill = fill});
        });
        expect_bytes_as_floats(image, [&](const auto& i) {
          return functional::perspective(
              i, {}, {}, {.interpolation = mode, .fill = fill, .coefficients = {0.8, 0.1, 2, -0.1, 1.2, 1, 0.002, 0.001}});
        });
      }
    }
  }
}

// Where the denominator is 0, and where displacements are no numbers.
TEST(WarpKernel, OfPlacesThatAreNoNumbersIsWhatATenMakesOfThem) {
  torch::manual_seed(0);
  const SerialScope serial;
  const auto image = noise(12, 21);
  constexpr auto inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  auto displacement = torch::randn({1, 12, 21, 2}).mul(0.3);
  const std::vector<float> strange{inf, -inf, nan, -nan, 1e30f, -1e30f, 3e9f, -3e9f, 200.0f};
  for (size_t i = 0; i < strange.size(); ++i) {
    displacement[0][1][2 * static_cast<int64_t>(i)][0] = strange[i];
    displacement[0][3][2 * static_cast<int64_t>(i)][1] = strange[i];
  }
  for (const auto mode : kModes) {
    for (const auto& fill : kFills) {
      SCOPED_TRACE(testing::Message() << mode << " " << fill.repr());
      expect_bytes_as_floats(image, [&](const auto& i) {
        return functional::perspective(i, {}, {},
                                       {.interpolation = mode, .fill = fill, .coefficients = {1, 0, 0, 0, 1, 0, -2, 0}});
      });
      expect_bytes_as_floats(
          image, [&](const auto& i) { return functional::elastic(i, displacement, {.interpolation = mode, .fill = fill}); });
      expect_bytes_as_floats(image, [&](const auto& i) {
        return functional::elastic(i, channels_innermost(displacement).to(torch::kFloat64),
                                   {.interpolation = mode, .fill = fill});
      });
    }
  }
}

TEST(WarpKernel, WarpsABatchAtOnce) {
  torch::manual_seed(0);
  const auto batch = torch::randint(256, {2, 4, 3, 20, 30}, torch::kUInt8);
  const RotateOptions options{.interpolation = InterpolationMode::BILINEAR, .fill = {1, 2, 3}};
  const auto out = functional::rotate(batch, 20, options);
  const auto innermost = functional::rotate(channels_innermost(batch), 20, options);
  for (int64_t i = 0; i < 2; ++i) {
    for (int64_t j = 0; j < 4; ++j) {
      EXPECT_TENSOR_EQ(out[i][j], functional::rotate(batch[i][j], 20, options));
      EXPECT_TENSOR_EQ(innermost[i][j], out[i][j]);
    }
  }
  EXPECT_TRUE(innermost.is_contiguous());  // as torchvision's
}

// Machines whose matrix product fuses are not this one: the places are computed here.
TEST(WarpKernel, FusesWhenAsked) {
  torch::manual_seed(0);
  constexpr int64_t height = 9, width = 37;
  const auto image = noise(height, width);
  std::vector<float> x(width + 64), y(height);
  for (int64_t i = 0; i < width; ++i) x[static_cast<size_t>(i)] = static_cast<float>(i) * 1.1f - 17.3f;
  for (int64_t i = 0; i < height; ++i) y[static_cast<size_t>(i)] = static_cast<float>(i) * 0.9f - 4.1f;
  simd::WarpPlaces places;
  const float m[] = {0.0457f, -0.0213f, 0.0171f, 0.0271f, 0.2131f, -0.0113f, 0.0012f, -0.0023f};
  std::copy(std::begin(m), std::end(m), places.m);
  places.x = x.data(), places.y = y.data();
  for (const bool perspective : {false, true}) {
    std::vector<float> written;
    for (int64_t i = 0; i < height; ++i) {
      for (int64_t j = 0; j < width; ++j) {
        const float px = x[static_cast<size_t>(j)], py = y[static_cast<size_t>(i)];
        const auto sum = [&](float a, float b, float c) { return std::fma(b, py, a * px) + c; };
        const float below = sum(m[6], m[7], 1);
        for (const float above : {sum(m[0], m[1], m[2]), sum(m[3], m[4], m[5])}) {
          written.push_back(perspective ? above / below - 1 : above);
        }
      }
    }
    const std::vector<float> zeros(width + 64);
    simd::WarpPlaces as_written;
    as_written.kind = simd::WarpPlaces::Kind::Displaced;
    as_written.x = as_written.y = zeros.data();
    as_written.dx = written.data(), as_written.dy = written.data() + 1;
    as_written.step = 2, as_written.row = 2 * width;
    places.kind = perspective ? simd::WarpPlaces::Kind::Perspective : simd::WarpPlaces::Kind::Affine;
    places.fused = true;

    auto out = torch::zeros({3, height, width}, torch::kUInt8), expected = torch::zeros_like(out);
    simd::WarpPictures pictures;
    pictures.count = 3;
    pictures.source_height = height, pictures.source_width = pictures.target_width = width;
    pictures.source = image.const_data_ptr<uint8_t>();
    pictures.source_row = pictures.target_row = width;
    pictures.source_picture = pictures.target_picture = height * width;
    support::on_every_target([&] {
      for (const auto warp : {simd::warp_nearest, simd::warp_bilinear}) {
        pictures.target = expected.data_ptr<uint8_t>();
        warp(as_written, pictures, 0, height);
        pictures.target = out.data_ptr<uint8_t>();
        warp(places, pictures, 0, height);
        EXPECT_TENSOR_EQ(out, expected);
      }
    });
  }
}

}  // namespace
}  // namespace opsis
