#include "opsis/io/tiff.h"

#include <torch/torch.h>

#include "tests/io/pictures.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

TEST(DecodeTiff, NumbersOfEveryKindComeAsTheyAre) {
  for (const auto& c : oracle::cases("io_tiff/numbers")) {
    if (c.text("file").empty()) continue;
    SCOPED_TRACE(c.name());
    EXPECT_TENSOR_EQ(io::decode_image(support::picture_path(c.text("file"))).data, c.tensor("expected"));
  }
}

TEST(DecodeTiff, EveryCompressionEqualsPillow) {
  for (const auto& c : oracle::cases("io_tiff/files")) {
    SCOPED_TRACE(c.name());
    const auto image = io::decode_tiff(support::picture(c.text("file"))).data;
    if (c.text("kind") == "jpeg") {  // another release of libjpeg
      ASSERT_EQ(image.sizes(), c.tensor("expected").sizes());
      EXPECT_LE((image.to(torch::kInt32) - c.tensor("expected").to(torch::kInt32)).abs().max().item<int>(), 2);
    } else {
      EXPECT_TENSOR_EQ(image, c.tensor("expected"));
    }
  }
}

TEST(DecodeTiff, ConvertsAsTorchvisionConvertsAPng) {
  for (const auto& c : oracle::cases("io_tiff/modes")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    EXPECT_TENSOR_EQ(io::decode_tiff(bytes, {.mode = support::read_mode(c.text("mode"))}).data, c.tensor("expected"));
  }
}

TEST(DecodeTiff, KnowsPagesThumbnailsAndInks) {
  for (const auto& c : oracle::cases("io_tiff/others")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    EXPECT_TENSOR_EQ(io::decode_tiff(bytes, {.mode = support::read_mode(c.text("mode"))}).data, c.tensor("expected"));
  }
}

TEST(DecodeTiff, TurnsUprightWhenAsked) {
  for (const auto& c : oracle::cases("io_tiff/exif")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    EXPECT_TENSOR_EQ(io::decode_tiff(bytes).data, c.tensor("stored"));
    EXPECT_TENSOR_EQ(io::decode_tiff(bytes, {.apply_exif_orientation = true}).data, c.tensor("expected"));
  }
}

TEST(DecodeTiff, ConvertsFloatingPoint) {
  const auto rgb = torch::rand({3, 5, 7}), gray = 0.2989 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
  const auto bytes = io::encode_tiff(Image(rgb));
  EXPECT_TRUE(torch::allclose(io::decode_tiff(bytes, {.mode = ImageReadMode::GRAY}).data[0], gray));
  EXPECT_TENSOR_EQ(io::decode_tiff(bytes, {.mode = ImageReadMode::RGBA}).data, torch::cat({rgb, torch::ones({1, 5, 7})}));
  EXPECT_ERROR(io::decode_tiff(io::encode_tiff(Image(rgb.to(torch::kFloat16))), {.mode = ImageReadMode::GRAY}), ValueError,
               "mode must be UNCHANGED for samples of half precision");
}

TEST(DecodeTiff, HoldsToTheLimits) {
  const auto bytes = support::picture("pages.tif");  // 4 pages, 11 high, 17 wide
  EXPECT_ERROR(io::decode_tiff(bytes, {.limits = {.pixels = 186}}), DecodeError,
               "decode_tiff: the image is 11 high and 17 wide, limits.pixels is 186");
  EXPECT_ERROR(io::decode_tiff(bytes, {.limits = {.frames = 3}}), DecodeError,
               "decode_tiff: there are 4 frames, limits.frames is 3");
  EXPECT_ERROR(io::decode_tiff(bytes, {.limits = {.image_bytes = 4 * 561 - 1}}), DecodeError, "limits.image_bytes");
  EXPECT_ERROR(io::decode_tiff(bytes, {.limits = {.codec_bytes = 600}}), DecodeError, "decode_tiff: ");
}

TEST(DecodeTiff, RefusesUnderStrictWhatItWarnsOf) {
  for (const auto& c : oracle::cases("io_tiff/warns")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    EXPECT_TENSOR_EQ(io::decode_tiff(bytes).data, c.tensor("expected"));
    EXPECT_ERROR(io::decode_tiff(bytes, {.strict = true}), DecodeError, "decode_tiff: ");
  }
}

TEST(DecodeTiff, RefusesPagesThatDiffer) {
  EXPECT_ERROR(io::decode_tiff(support::picture("unlike_pages.tif")), DecodeError,
               "decode_tiff: page 1 is 12x17 of 3 samples of 8 bits, the first is 11x17 of 3 of 8; pages must be alike");
}

TEST(EncodeTiff, EveryTypeSurvivesEveryCompression) {
  torch::manual_seed(0);
  for (const auto type : {torch::kUInt8, torch::kUInt16, torch::kUInt32, torch::kInt8, torch::kInt16, torch::kInt32,
                          torch::kFloat16, torch::kFloat32, torch::kFloat64}) {
    for (const auto compression : {io::TiffCompression::NONE, io::TiffCompression::LZW, io::TiffCompression::DEFLATE}) {
      for (const int64_t channels : {1, 2, 3, 4, 5}) {
        SCOPED_TRACE(testing::Message() << type << " " << static_cast<int>(compression) << " " << channels);
        const auto image = torch::randint(-100, 100, {channels, 13, 29}, torch::kInt32).to(type);
        EXPECT_TENSOR_EQ(io::decode_tiff(io::encode_tiff(Image(image), {.compression = compression})).data, image);
      }
    }
  }
  const auto pages = torch::randint(256, {3, 3, 70, 400}, torch::kUInt8);
  EXPECT_TENSOR_EQ(io::decode_tiff(io::encode_tiff(Image(pages))).data, pages);
}

TEST(EncodeTiff, RefusesWhatATiffHasNot) {
  EXPECT_ERROR(io::encode_tiff(Image(torch::zeros({3, 8, 8}, torch::kInt64))), ValueError,
               "encode_tiff: the image must be Byte, ");
  EXPECT_ERROR(io::encode_tiff(Image(torch::zeros({3, 8, 0}))), ValueError, "it is 8 high and 0 wide");
  EXPECT_ERROR(io::encode_tiff(Image(torch::zeros({2, 2, 3, 8, 8}))), ValueError, "got (2, 2, 3, 8, 8)");
}

TEST(WriteTiff, CanBeReadBack) {
  const support::TemporaryFolder folder;
  const Image image(torch::rand({2, 3, 4}));
  io::write_tiff(image, folder.path() / "a.tif");
  EXPECT_TENSOR_EQ(io::decode_image(folder.path() / "a.tif").data, image.data);
}

}  // namespace
}  // namespace opsis
