#include "opsis/io/pixels.h"

#include <torch/torch.h>

#include "opsis/io.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using io::PixelFormat;

/// Rows of `stride` bytes of something.
torch::Tensor rows(int64_t count, int64_t stride) {
  torch::manual_seed(3);
  return torch::randint(0, 256, {count, stride}, torch::kUInt8);
}

torch::Tensor channels_of_rows(const torch::Tensor& rows, int64_t width, std::vector<int64_t> order) {
  const auto channels = static_cast<int64_t>(order.size());
  return rows.narrow(1, 0, width * channels)
      .reshape({rows.size(0), width, channels})
      .index_select(2, torch::tensor(order))
      .permute({2, 0, 1});
}

TEST(FromPixels, PutsChannelsIntoOrder) {
  struct Order {
    PixelFormat format;
    std::vector<int64_t> channels;
  };
  for (const auto& [format, channels] :
       {Order{PixelFormat::RGB, {0, 1, 2}}, Order{PixelFormat::BGR, {2, 1, 0}}, Order{PixelFormat::RGBA, {0, 1, 2, 3}},
        Order{PixelFormat::BGRA, {2, 1, 0, 3}}, Order{PixelFormat::GRAY, {0}}}) {
    for (const int64_t width : {1, 5, 16}) {
      const auto stride = width * static_cast<int64_t>(channels.size()) + 3;
      auto memory = rows(4, stride);
      const auto expected = channels_of_rows(memory, width, channels);
      auto* const pixels = memory.mutable_data_ptr<uint8_t>();
      const auto image = io::from_pixels(static_cast<const uint8_t*>(pixels), 4, width, stride, format);
      EXPECT_TENSOR_EQ(image.data, expected);
      EXPECT_TRUE(image.data.permute({1, 2, 0}).is_contiguous());
      int released = 0;
      {
        const auto view = io::from_pixels(pixels, 4, width, stride, format, [&] { ++released; });
        EXPECT_TENSOR_EQ(view.data, expected);
        const bool shares = format != PixelFormat::BGR && format != PixelFormat::BGRA;
        EXPECT_EQ(view.data.const_data_ptr<uint8_t>() == pixels, shares);
        EXPECT_EQ(released, shares ? 0 : 1);
        const auto part = view.data.narrow(1, 0, 1);
      }
      EXPECT_EQ(released, 1);
    }
  }
}

/// BT.601 in the limited range, in floating point.
torch::Tensor rgb_of(const torch::Tensor& luma, const torch::Tensor& u, const torch::Tensor& v) {
  const auto wide = [&](const torch::Tensor& chroma) {
    return chroma.repeat_interleave(2, 0)
               .repeat_interleave(2, 1)
               .narrow(0, 0, luma.size(0))
               .narrow(1, 0, luma.size(1))
               .to(torch::kFloat64) -
           128;
  };
  const auto light = 1.164 * (luma.to(torch::kFloat64) - 16).clamp_min(0);
  const auto red = light + 1.596 * wide(v), green = light - 0.813 * wide(v) - 0.391 * wide(u), blue = light + 2.018 * wide(u);
  return torch::stack({red, green, blue}).round().clamp(0, 255).to(torch::kUInt8);
}

TEST(FromPixels, ConvertsVideoToRgb) {
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{6, 8}, {1, 1}, {5, 7}, {2, 31}}) {
    const int64_t stride = (width + 1) / 2 * 2 + 4, half = (height + 1) / 2;
    const auto memory = rows(height + half, stride);
    const auto* pixels = memory.const_data_ptr<uint8_t>();
    const auto luma = memory.narrow(0, 0, height).narrow(1, 0, width);
    const auto pairs = memory.narrow(0, height, half);
    const auto even = torch::arange(0, stride, 2);
    EXPECT_TENSOR_NEAR(io::from_pixels(pixels, height, width, stride, PixelFormat::NV12).data,
                       rgb_of(luma, pairs.index_select(1, even), pairs.index_select(1, even + 1)), 0, 1);
    const auto planes = memory.narrow(0, height, half).reshape({2, half, stride / 2});
    EXPECT_TENSOR_NEAR(io::from_pixels(pixels, height, width, stride, PixelFormat::I420).data,
                       rgb_of(luma, planes[0], planes[1]), 0, 1);
  }
}

TEST(FromPixels, KnowsBlackWhiteAndRed) {
  const auto color = [](uint8_t y, uint8_t u, uint8_t v) {
    const std::vector<uint8_t> memory{y, y, y, y, u, v};
    const auto image = io::from_pixels(memory.data(), 2, 2, 2, PixelFormat::NV12);
    return std::vector<int>{image.data[0][1][1].item<int>(), image.data[1][0][0].item<int>(), image.data[2][1][0].item<int>()};
  };
  EXPECT_EQ(color(16, 128, 128), (std::vector<int>{0, 0, 0}));
  EXPECT_EQ(color(235, 128, 128), (std::vector<int>{255, 255, 255}));
  EXPECT_EQ(color(81, 90, 240), (std::vector<int>{254, 0, 0}));
  EXPECT_EQ(color(0, 128, 128), (std::vector<int>{0, 0, 0}));
}

TEST(FromPixels, RefusesWhatHoldsNoPicture) {
  const std::vector<uint8_t> memory(100);
  const auto* pixels = memory.data();
  EXPECT_ERROR(io::from_pixels(nullptr, 2, 2, 6, PixelFormat::RGB), ValueError,
               "from_pixels: there must be pixels, got 2 high and 2 wide at 0");
  EXPECT_ERROR(io::from_pixels(pixels, 0, 2, 6, PixelFormat::RGB), ValueError, "got 0 high and 2 wide");
  EXPECT_ERROR(io::from_pixels(pixels, 2, -2, 6, PixelFormat::RGB), ValueError, "got 2 high and -2 wide");
  EXPECT_ERROR(io::from_pixels(pixels, 2, 2, 5, PixelFormat::BGR), ValueError,
               "from_pixels: stride must be 6 bytes or more for a width of 2, got 5");
  EXPECT_ERROR(io::from_pixels(pixels, 2, 3, 3, PixelFormat::I420), ValueError,
               "stride must be 4 bytes or more for a width of 3, got 3");
  EXPECT_ERROR(io::from_pixels(pixels, 2, 2, -6, PixelFormat::RGB), ValueError, "got -6");
}

}  // namespace
}  // namespace opsis
