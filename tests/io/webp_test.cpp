#include "opsis/io/webp.h"

#include <torch/torch.h>

#include "tests/io/pictures.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

TEST(DecodeWebp, EveryKindInEveryModeEqualsTorchvision) {
  for (const auto& c : oracle::cases("io_formats/webp")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const DecodeOptions options{.mode = support::read_mode(c.text("mode"))};
    if (c.boolean("refused")) {
      EXPECT_ERROR(io::decode_webp(bytes, options), DecodeError, "decode_webp: animations are not supported");
      continue;
    }
    EXPECT_TENSOR_EQ(io::decode_webp(bytes, options).data, c.tensor("expected"));
    EXPECT_TENSOR_EQ(io::decode_image(support::picture_path(c.text("file")), options).data, c.tensor("expected"));
  }
}

TEST(DecodeWebp, TurnsUprightWhenAsked) {
  for (const auto& c : oracle::cases("io_formats/webp_exif")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    EXPECT_TENSOR_EQ(io::decode_webp(bytes).data, c.tensor("stored"));
    EXPECT_TENSOR_EQ(io::decode_webp(bytes, {.apply_exif_orientation = true}).data, c.tensor("expected"));
  }
}

TEST(DecodeWebp, HoldsToTheLimits) {
  const auto bytes = support::picture("lossless.webp");  // 61 high, 83 wide
  EXPECT_ERROR(io::decode_webp(bytes, {.limits = {.pixels = 61 * 83 - 1}}), DecodeError,
               "decode_webp: the image is 61 high and 83 wide, limits.pixels is 5062");
  EXPECT_ERROR(io::decode_webp(bytes, {.limits = {.side = 82}}), DecodeError, "limits.side is 82");
  EXPECT_ERROR(io::decode_webp(bytes, {.limits = {.codec_bytes = 1000}}), DecodeError, "limits.codec_bytes, 1000");
  EXPECT_ERROR(io::decode_webp(bytes, {.limits = {.image_bytes = 1000}}), DecodeError, "limits.image_bytes, 1000");
}

TEST(EncodeWebp, LosslessKeepsEveryPixel) {
  torch::manual_seed(0);
  for (const int64_t channels : {3, 4}) {
    const auto image = torch::randint(256, {channels, 13, 29}, torch::kUInt8);
    EXPECT_TENSOR_EQ(io::decode_webp(io::encode_webp(Image(image), {.lossless = true})).data, image);
    const auto other = image.permute({1, 2, 0}).contiguous().permute({2, 0, 1});
    EXPECT_TENSOR_EQ(io::decode_webp(io::encode_webp(Image(other), {.lossless = true})).data, image);
  }
  const auto gray = torch::randint(256, {1, 13, 29}, torch::kUInt8);
  EXPECT_TENSOR_EQ(io::decode_webp(io::encode_webp(Image(gray), {.lossless = true})).data, gray.expand({3, 13, 29}));
}

TEST(EncodeWebp, LossyComesNear) {
  const auto photo = io::decode_image(support::picture("lossless.webp")).data;
  const auto error = [&](double quality) {
    const auto back = io::decode_webp(io::encode_webp(Image(photo), {.quality = quality})).data;
    return (photo.to(torch::kFloat32) - back.to(torch::kFloat32)).abs().mean().item<float>();
  };
  EXPECT_LT(error(95), error(30));
  EXPECT_LT(error(95), 6.0F);
}

TEST(EncodeWebp, RefusesWhatAWebpHasNot) {
  const auto image = [](std::vector<int64_t> shape) { return Image(torch::zeros(shape, torch::kUInt8)); };
  EXPECT_ERROR(io::encode_webp(image({2, 3, 8, 8})), ValueError,
               "encode_webp: the image must be (C, H, W) with 1, 3 or 4 channels, got (2, 3, 8, 8)");
  EXPECT_ERROR(io::encode_webp(image({3, 8, 16384})), ValueError, "1 to 16383 pixels a side");
  EXPECT_ERROR(io::encode_webp(image({3, 8, 8}), {.quality = 101}), ValueError, "quality must be in [0, 100], got 101");
  EXPECT_ERROR(io::encode_webp(image({3, 8, 8}), {.effort = 7}), ValueError, "effort must be in [0, 6], got 7");
}

TEST(WriteWebp, CanBeReadBack) {
  const support::TemporaryFolder folder;
  const auto image = io::decode_image(support::picture("lossless.webp"));
  io::write_webp(image, folder.path() / "a.webp", {.lossless = true});
  EXPECT_TENSOR_EQ(io::decode_image(folder.path() / "a.webp").data, image.data);
}

}  // namespace
}  // namespace opsis
