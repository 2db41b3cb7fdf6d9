#include "opsis/io/gif.h"

#include <torch/torch.h>

#include "opsis/core/check.h"
#include "tests/io/pictures.h"
#include "tests/support/expect.h"
#include "tests/support/memory.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

TEST(DecodeGif, EveryKindEqualsTorchvision) {
  for (const auto& c : oracle::cases("io_formats/gif")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    if (c.boolean("refused")) {
      EXPECT_ERROR(io::decode_gif(bytes), DecodeError, "decode_gif: ");
      continue;
    }
    EXPECT_TENSOR_EQ(io::decode_gif(bytes).data, c.tensor("expected"));
    EXPECT_TENSOR_EQ(io::decode_image(support::picture_path(c.text("file"))).data, c.tensor("expected"));
  }
}

TEST(DecodeGif, GivesRgbInEveryModeAsTorchvisionDoes) {
  for (const auto& c : oracle::cases("io_formats/gif_modes")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    EXPECT_TENSOR_EQ(io::decode_gif(bytes, {.mode = support::read_mode(c.text("mode"))}).data, c.tensor("expected"));
  }
}

TEST(DecodeGif, LiesAsOtherPicturesInMemory) {
  const auto still = io::decode_gif(support::picture("photo.gif")).data;
  EXPECT_EQ(still.strides(), (std::vector<int64_t>{1, 249, 3}));
  const auto frames = io::decode_gif(support::picture("animation.gif")).data;
  EXPECT_EQ(frames.sizes(), (std::vector<int64_t>{4, 3, 30, 40}));
  EXPECT_EQ(frames.strides(), (std::vector<int64_t>{3600, 1, 120, 3}));
}

TEST(DecodeGif, HoldsToTheLimits) {
  const auto bytes = support::picture("animation.gif");
  EXPECT_ERROR(io::decode_gif(bytes, {.limits = {.pixels = 1199}}), DecodeError,
               "decode_gif: the image is 30 high and 40 wide");
  EXPECT_ERROR(io::decode_gif(bytes, {.limits = {.frames = 3}}), DecodeError, "limits.frames is 3");
  EXPECT_ERROR(io::decode_gif(bytes, {.limits = {.image_bytes = 14'399}}), DecodeError, "limits.image_bytes");
  EXPECT_NO_THROW(io::decode_gif(bytes, {.limits = {.pixels = 1200, .frames = 4, .image_bytes = 14'400}}));
}

TEST(DecodeGif, RefusesAnimationsThatSwellFromNothing) {
  const auto bytes = support::picture("animation.gif");  // 14,400 bytes of pixels, a thousandth of which the file has
  EXPECT_NO_THROW(io::decode_gif(bytes, {.limits = {.swollen_bytes = 0}}));
  const auto hostile = support::picture("gif_frames.gif");
  ASSERT_LT(hostile.size(), 200U);
  EXPECT_ERROR(io::decode_gif(hostile), DecodeError,
               "make 2 frames of 13377x13377, of 1073664774 bytes, which is over limits.swollen_bytes, 536870912");
}

TEST(DecodeGif, RefusesUnderStrictWhatItWouldMend) {
  auto bytes = support::picture("small_gif.gif");
  EXPECT_NO_THROW(io::decode_gif(bytes, {.strict = true}));
  const std::string_view image = ",\x02";  // of the second frame, which is 2 from the left
  const auto at = io::as_text(bytes).find(image);
  ASSERT_NE(at, std::string_view::npos);
  bytes[at + 1] = 7;  // 4 wide, where 2 are left
  EXPECT_EQ(io::decode_gif(bytes).data.size(0), 2);
  EXPECT_ERROR(io::decode_gif(bytes, {.strict = true}), DecodeError, "decode_gif: an image leaves the canvas of 7x9");
}

TEST(EncodeGif, KeepsUpTo256Colors) {
  torch::manual_seed(0);
  const auto palette = torch::randint(256, {256, 3}, torch::kUInt8);
  const auto indices = torch::randint(256, {5, 33, 47});
  const auto frames = palette.index({indices}).permute({0, 3, 1, 2});
  EXPECT_TENSOR_EQ(io::decode_gif(io::encode_gif(Image(frames))).data, frames);
  EXPECT_TENSOR_EQ(io::decode_gif(io::encode_gif(Image(frames[0]))).data, frames[0]);
  const auto one = torch::full({1, 1, 1}, 7, torch::kUInt8);
  EXPECT_TENSOR_EQ(io::decode_gif(io::encode_gif(Image(one))).data, one.expand({3, 1, 1}));
}

TEST(EncodeGif, ComesNearMoreColors) {
  const auto photo = io::decode_image(support::picture("raw.tif")).data;
  const auto back = io::decode_gif(io::encode_gif(Image(photo))).data;
  const auto difference = (photo.to(torch::kInt32) - back.to(torch::kInt32)).abs();
  // 851 noisy pixels of as many colors: Pillow's median cut is 5.7 away.
  EXPECT_LT(difference.to(torch::kFloat32).mean().item<float>(), 6.0F);
}

// The pixels of a large picture are sorted in runs, and its tiles have the colors that one of them has.
TEST(EncodeGif, GivesAPictureOfSeveralRunsTheColorsOfItsTiles) {
  torch::manual_seed(0);
  const auto back = [](const torch::Tensor& pixels) { return io::decode_gif(io::encode_gif(Image(pixels))).data; };
  for (const int64_t channels : {1, 3, 4}) {
    const auto tile = torch::randint(256, {channels, 320, 320}, torch::kUInt8);
    EXPECT_TENSOR_EQ(back(tile.repeat({1, 4, 4})), back(tile).repeat({1, 4, 4})) << channels;
  }
}

TEST(EncodeGif, TakesAFewBytesOfMemoryAPixel) {
  const auto image = torch::zeros({1, 4096, 4096}, torch::kUInt8);
  if (!support::begin_peak_memory()) GTEST_SKIP() << "the system does not tell the peak of memory";
  const auto before = support::peak_memory();
  EXPECT_LT(io::encode_gif(Image(image)).numel(), image.numel());
  EXPECT_LT(support::peak_memory() - before, 6 * image.numel());
}

TEST(EncodeGif, ShowsTheBackgroundThroughWhatIsTransparent) {
  auto frames = torch::full({2, 4, 6, 8}, 200, torch::kUInt8);
  frames.select(1, 3).narrow(1, 0, 3).zero_();
  const auto back = io::decode_gif(io::encode_gif(Image(frames))).data;
  EXPECT_TRUE((back.narrow(2, 3, 3) == 200).all().item<bool>());
  EXPECT_TRUE((back.narrow(2, 0, 3) == 0).all().item<bool>());
}

TEST(EncodeGif, RefusesWhatAGifHasNot) {
  const auto image = [](std::vector<int64_t> shape) { return Image(torch::zeros(shape, torch::kUInt8)); };
  EXPECT_ERROR(io::encode_gif(image({2, 8, 8})), ValueError,
               "encode_gif: the image must be (T, C, H, W) or (C, H, W) with 1, 3 or 4 channels, got (2, 8, 8)");
  EXPECT_ERROR(io::encode_gif(Image(torch::zeros({3, 8, 8}))), ValueError, "encode_gif: the image must be Byte, got Float");
  EXPECT_ERROR(io::encode_gif(image({3, 8, 0})), ValueError, "it is 8 high and 0 wide");
  EXPECT_ERROR(io::encode_gif(image({1, 1, 65536})), ValueError, "1 to 65535 pixels a side");
  EXPECT_ERROR(io::encode_gif(image({3, 8, 8}), {.delay_ms = -1}), ValueError, "delay_ms must be in [0, 655350], got -1");
  EXPECT_ERROR(io::encode_gif(image({3, 8, 8}), {.loops = 65536}), ValueError, "loops must be in [0, 65535], got 65536");
}

TEST(WriteGif, CanBeReadBack) {
  const support::TemporaryFolder folder;
  const auto image = io::decode_image(support::picture("animation.gif"));
  io::write_gif(image, folder.path() / "a.gif", {.delay_ms = 20});
  EXPECT_TENSOR_EQ(io::decode_image(folder.path() / "a.gif").data, image.data);
}

}  // namespace
}  // namespace opsis
