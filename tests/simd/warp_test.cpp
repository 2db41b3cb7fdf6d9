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

// Whether the best set that is allowed has fused multiply-add.
bool fuses() {
#if HWY_ARCH_X86
  return (hwy::SupportedTargets() & (HWY_AVX2 | HWY_AVX3)) != 0;
#else
  return true;
#endif
}

// Equal; on sets without fused multiply-add, which ATen does not run on here, last bits of places and sums differ: a blended
// level may be the next one, and of two pixels that are nearly as near it may be the other, in few places. To the bit such sets
// are held by WarpKernel.OfEachSetIsThePlainLoop.
void expect_bytes(const torch::Tensor& actual, const torch::Tensor& expected, InterpolationMode mode) {
  if (fuses()) {
    EXPECT_TENSOR_EQ(actual, expected);
  } else if (mode == InterpolationMode::BILINEAR) {
    EXPECT_TENSOR_NEAR(actual, expected, 0, 1);
  } else {
    EXPECT_LE(actual.ne(expected).sum().item<int64_t>(), 6 + expected.numel() / 50);
  }
}

// `warp` of bytes in several layouts, and of the same as floats.
template <class Warp>
void expect_bytes_as_floats(const torch::Tensor& image, InterpolationMode mode, const Warp& warp) {
  const auto expected = warp(image.to(torch::kFloat32)).round_().to(torch::kUInt8);
  support::on_every_target([&] {
    expect_bytes(warp(image), expected, mode);
    expect_bytes(warp(channels_innermost(image)), expected, mode);
    // Rows that begin anywhere: a part of a larger picture.
    const auto larger = torch::zeros({3, image.size(-2) + 2, image.size(-1) + 5}, torch::kUInt8);
    larger.slice(1, 1, -1).slice(2, 3, -2).copy_(image);
    expect_bytes(warp(larger.slice(1, 1, -1).slice(2, 3, -2)), expected, mode);
    expect_bytes(warp(channels_innermost(larger).slice(1, 1, -1).slice(2, 3, -2)), expected, mode);
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
            image, mode, [&](const auto& i) { return functional::rotate(i, 37.0, {.interpolation = mode, .fill = fill}); });
        expect_bytes_as_floats(image, mode, [&](const auto& i) {
          return functional::rotate(i, 45.0, {.interpolation = mode, .expand = true, .fill = fill});
        });
        // Halves: every place lies between pixels.
        expect_bytes_as_floats(image, mode, [&](const auto& i) {
          return functional::affine(i, 0, {0.5, -1.5}, 1, {0}, {.interpolation = mode, .fill = fill});
        });
        expect_bytes_as_floats(image, mode, [&](const auto& i) {
          return functional::affine(i, 200, {1, 2}, 0.3, {10, 20}, {.interpolation = mode, .fill = fill});
        });
        expect_bytes_as_floats(image, mode, [&](const auto& i) {
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
      expect_bytes_as_floats(image, mode, [&](const auto& i) {
        return functional::perspective(i, {}, {},
                                       {.interpolation = mode, .fill = fill, .coefficients = {1, 0, 0, 0, 1, 0, -2, 0}});
      });
      expect_bytes_as_floats(image, mode, [&](const auto& i) {
        return functional::elastic(i, displacement, {.interpolation = mode, .fill = fill});
      });
      expect_bytes_as_floats(image, mode, [&](const auto& i) {
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

// a b + c, rounded once or twice.
float multiply_add(bool fused, float a, float b, float c) {
  if (fused) return std::fma(a, b, c);
  const volatile float product = a * b;  // so that no compiler fuses it
  return product + c;
}

struct Place {
  float x, y;
};

// Of a pixel of the target, in grid coordinates.
Place plain_place(const simd::WarpPlaces& places, int64_t row, int64_t column, bool fused) {
  const float x = places.x[column], y = places.y[row];
  const auto sum = [&](const float* m, float c) {
    const volatile float first = m[0] * x;
    return multiply_add(fused, m[1], y, first) + c;
  };
  const float* const m = places.m;
  const Place above{sum(m, m[2]), sum(m + 3, m[5])};
  if (places.kind == simd::WarpPlaces::Kind::Affine) return above;
  const float below = sum(m + 6, 1);
  return {above.x / below - 1, above.y / below - 1};
}

// A byte of a picture of (height, width) at a place, blended with what is outside.
float plain_blend(const torch::TensorAccessor<uint8_t, 2>& picture, Place pixel, const float* fill, bool fused) {
  const float left = std::floor(pixel.x), top = std::floor(pixel.y);
  const float right_weight = pixel.x - left, lower_weight = pixel.y - top;
  float sum = 0, inside = 0;
  for (const int corner : {0, 1, 2, 3}) {
    const auto x = static_cast<int64_t>(left) + corner % 2, y = static_cast<int64_t>(top) + corner / 2;
    if (x < 0 || y < 0 || x >= picture.size(1) || y >= picture.size(0)) continue;
    const volatile float weight =
        (corner / 2 == 0 ? 1 - lower_weight : lower_weight) * (corner % 2 == 0 ? 1 - right_weight : right_weight);
    sum = multiply_add(fused, picture[y][x], weight, sum);
    inside += weight;
  }
  return fill ? multiply_add(false, sum - *fill, inside, *fill) : sum;
}

// The kernel, one byte after the other: of pictures (N, height, width).
torch::Tensor plain_warp(const torch::Tensor& pictures, const simd::WarpPlaces& places, bool nearest, const float* fill,
                         bool fused_places, bool fused) {
  auto out = torch::zeros_like(pictures);
  const auto from = pictures.accessor<uint8_t, 3>();
  auto to = out.accessor<uint8_t, 3>();
  const int64_t height = from.size(1), width = from.size(2);
  const auto pixels = [&](float place, int64_t size) {
    return multiply_add(fused, place + 1, static_cast<float>(size) / 2, -0.5f);
  };
  for (int64_t i = 0; i < height; ++i) {
    for (int64_t j = 0; j < width; ++j) {
      const auto place = plain_place(places, i, j, fused_places);
      const Place pixel{pixels(place.x, width), pixels(place.y, height)};
      const float x = std::nearbyint(pixel.x), y = std::nearbyint(pixel.y);
      const bool within = x >= 0 && y >= 0 && x < static_cast<float>(width) && y < static_cast<float>(height);
      for (int64_t n = 0; n < from.size(0); ++n) {
        const float* const outside = fill ? fill + n : nullptr;
        float level = outside ? *outside : 0;
        if (!nearest) {
          level = plain_blend(from[n], pixel, outside, fused);
        } else if (within) {
          level = from[n][static_cast<int64_t>(y)][static_cast<int64_t>(x)];
        }
        to[n][i][j] = static_cast<uint8_t>(std::nearbyint(level));
      }
    }
  }
  return out;
}

// Machines whose matrix product fuses, or whose sampling does not, are not this one: here both are asked for. Sets without
// fused multiply-add do as if not asked.
TEST(WarpKernel, OfEachSetIsThePlainLoop) {
  torch::manual_seed(0);
  constexpr int64_t height = 9, width = 293;  // more than is done at once
  const auto image = noise(height, width), innermost = image.permute({1, 2, 0}).contiguous();
  const float levels[] = {10, 200, 30};
  std::vector<float> x(width + 64), y(height);
  for (int64_t i = 0; i < width; ++i) x[static_cast<size_t>(i)] = static_cast<float>(i) * 0.14f - 17.3f;
  for (int64_t i = 0; i < height; ++i) y[static_cast<size_t>(i)] = static_cast<float>(i) * 0.9f - 4.1f;
  simd::WarpPlaces places;
  const float m[] = {0.0457f, -0.0213f, 0.0171f, 0.0271f, 0.2131f, -0.0113f, 0.0012f, -0.0023f};
  std::copy(std::begin(m), std::end(m), places.m);
  places.x = x.data(), places.y = y.data();

  simd::WarpPictures planes;
  planes.count = 3;
  planes.source_height = height, planes.source_width = planes.target_width = width;
  planes.source = image.const_data_ptr<uint8_t>();
  planes.source_row = planes.target_row = width;
  planes.source_picture = planes.target_picture = height * width;
  simd::WarpPictures triples = planes;
  triples.channels = 3, triples.count = 1;
  triples.source = innermost.const_data_ptr<uint8_t>();
  triples.source_row = 3 * width;
  triples.target_plane = height * width;

  for (int choice = 0; choice < 32; ++choice) {
    const bool nearest = choice & 1, perspective = choice & 2, filled = choice & 4;
    places.fused = choice & 8;
    planes.fused = triples.fused = choice & 16;
    SCOPED_TRACE(testing::Message() << (nearest ? "nearest" : "bilinear") << (perspective ? ", perspective" : ", affine")
                                    << (filled ? ", filled" : "") << (places.fused ? ", fused places" : "")
                                    << (planes.fused ? ", fused sums" : ""));
    places.kind = perspective ? simd::WarpPlaces::Kind::Perspective : simd::WarpPlaces::Kind::Affine;
    planes.fill = triples.fill = filled ? levels : nullptr;
    support::on_every_target([&] {
      const auto expected = plain_warp(image, places, nearest, planes.fill, places.fused && fuses(), planes.fused && fuses());
      for (auto* pictures : {&planes, &triples}) {
        auto out = torch::zeros_like(image);
        pictures->target = out.data_ptr<uint8_t>();
        (nearest ? simd::warp_nearest : simd::warp_bilinear)(places, *pictures, 0, height);
        EXPECT_TENSOR_EQ(out, expected);
      }
    });
  }
}

// Offsets are then found in integers.
TEST(WarpKernel, TakesPicturesOfMoreBytesThanFloatsCount) {
  for (const int64_t channels : {1, 3}) {
    const auto image = torch::randint(256, {channels, 2100, channels == 1 ? 4100 : 1400}, torch::kUInt8);
    const auto warp = [](const torch::Tensor& x) {
      return functional::affine(x, 10, {20, 10}, 1.1, {5, 3}, {.interpolation = InterpolationMode::NEAREST});
    };
    const auto expected = warp(image.to(torch::kFloat32)).to(torch::kUInt8);
    EXPECT_TENSOR_EQ(warp(channels == 1 ? image : channels_innermost(image)), expected);
  }
}

TEST(WarpKernel, TakesWidePicturesWhoseRowsAreOne) {
  const auto line = torch::randint(256, {3'000'000, 3}, torch::kUInt8), picture = line.as_strided({3, 2, 3'000'000}, {1, 0, 3});
  const auto warp = [](const torch::Tensor& x) {
    return functional::affine(x, 0, {7, 0}, 1, {0, 0}, {.interpolation = InterpolationMode::NEAREST});
  };
  EXPECT_TENSOR_EQ(warp(picture), warp(picture.contiguous()));
}

}  // namespace
}  // namespace opsis
