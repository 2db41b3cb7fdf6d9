#include "opsis/tasks/picture.h"

#include <torch/torch.h>

#include "opsis/io/image.h"
#include "tests/io/pictures.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using io::PixelFormat;
using tasks::Picture;

Image random_image(int64_t channels = 3) { return Image(torch::randint(0, 256, {channels, 5, 7}, torch::kUInt8)); }

TEST(Picture, IsAnImageAFileOrItsBytes) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "noise.png";
  const auto image = random_image();
  io::write_png(image, file);
  const auto encoded = io::encode_png(image);
  const io::Bytes bytes(encoded.const_data_ptr<uint8_t>(), static_cast<size_t>(encoded.numel()));
  for (const auto& picture : {Picture(image), Picture(file), Picture(file.string()), Picture(file.c_str()), Picture(bytes)}) {
    EXPECT_TENSOR_EQ(picture.image().data, image.data);
  }
}

TEST(Picture, OfAFileStandsUpright) {
  int turned = 0;
  for (const auto& c : oracle::cases("io/exif")) {
    if (!c.boolean("apply")) continue;
    SCOPED_TRACE(c.name());
    const auto upright = Picture(support::picture_path(c.text("file"))).image();
    EXPECT_EQ(upright.data.sizes().slice(1), c.tensor("expected").sizes().slice(1));
    if (c.tensor("expected").size(0) == 3) {
      EXPECT_TENSOR_EQ(upright.data, c.tensor("expected"));
    }
    ++turned;
  }
  EXPECT_GT(turned, 0);
}

TEST(Picture, OfAFileIsRgbOfBytes) {
  const support::TemporaryFolder folder;
  const auto gray = random_image(1);
  io::write_png(gray, folder.path() / "gray.png");
  EXPECT_TENSOR_EQ(Picture(folder.path() / "gray.png").image().data, gray.data.expand({3, -1, -1}));
  const auto deep = random_image().data.to(torch::kInt32).mul(256).add(200).to(torch::kUInt16);
  io::write_tiff(Image(deep), folder.path() / "deep.tiff");
  const auto high_bytes = deep.to(torch::kInt32).div(256, "floor").to(torch::kUInt8);
  EXPECT_TENSOR_EQ(Picture(folder.path() / "deep.tiff").image().data, high_bytes);
}

// What PIL's convert("RGB") makes of them.
TEST(Picture, OfOtherNumbersIsWhatLiesWithinBytes) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "numbers.tiff";
  for (const int64_t channels : {1, 3}) {
    const auto wholes = torch::randint(-100, 400, {channels, 5, 7}, torch::kInt32);
    for (const auto& numbers : {wholes, wholes.to(torch::kFloat32).add(0.75), wholes.to(torch::kInt16)}) {
      io::write_tiff(Image(numbers), file);
      const auto bytes = numbers.clamp(0, 255).to(torch::kUInt8).expand({3, -1, -1});
      EXPECT_TENSOR_EQ(Picture(file).image().data, bytes);
      EXPECT_TRUE(bytes.gt(0).logical_and(bytes.lt(255)).any().item<bool>());
    }
  }
}

TEST(Picture, OfABufferIsRgbAndACopy) {
  for (const auto& [format, channels] : {std::pair<PixelFormat, int64_t>{PixelFormat::RGB, 3},
                                         {PixelFormat::BGR, 3},
                                         {PixelFormat::RGBA, 4},
                                         {PixelFormat::BGRA, 4},
                                         {PixelFormat::GRAY, 1}}) {
    auto rows = torch::randint(0, 256, {5, 7 * channels + 2}, torch::kUInt8);
    auto* const pixels = rows.mutable_data_ptr<uint8_t>();
    const auto image = Picture(tasks::PixelBuffer{pixels, 5, 7, 7 * channels + 2, format}).image();
    const auto whole = io::from_pixels(static_cast<const uint8_t*>(pixels), 5, 7, 7 * channels + 2, format).data;
    rows.zero_();
    EXPECT_TENSOR_EQ(image.data, channels == 1 ? whole.expand({3, -1, -1}) : whole.slice(0, 0, 3));
  }
}

TEST(Picture, RefusesWhatIsNoSinglePicture) {
  const support::TemporaryFolder folder;
  const auto moving = folder.path() / "moving.gif";
  io::write_gif(Image(torch::randint(0, 256, {3, 3, 20, 20}, torch::kUInt8)), moving);
  EXPECT_ERROR(Picture(moving).image(), ValueError, "moving.gif has 3 pictures; a single one is needed");
  EXPECT_ERROR(Picture("missing.png").image(), IoError, "cannot open missing.png");
  EXPECT_ERROR(Picture(io::as_bytes("no picture")).image(), DecodeError, "decode_image");
  EXPECT_ERROR(Picture(tasks::PixelBuffer{}).image(), ValueError, "from_pixels: there must be pixels");
}

}  // namespace
}  // namespace opsis
