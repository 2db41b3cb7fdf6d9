// AVIF and HEIC: both are HEIF files.
#include <torch/torch.h>

#include "opsis/io/avif.h"
#include "opsis/io/codecs.h"
#include "opsis/io/heic.h"
#include "tests/io/pictures.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

torch::Tensor distance(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kFloat32) - b.to(torch::kFloat32)).abs();
}

// torchcodec has another release of libavif and of the AV1 decoder below it. AV1 decodes to the bit; the way from YUV to RGB may
// round differently, and smooths subsampled colors differently.
TEST(DecodeAvif, EveryKindInEveryModeEqualsTorchcodecs) {
  for (const auto& c : oracle::cases("io_formats/avif")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const DecodeOptions options{.mode = support::read_mode(c.text("mode"))};
    const auto image = io::decode_avif(bytes, options).data;
    const auto expected = c.tensor("expected");
    ASSERT_EQ(image.sizes(), expected.sizes());
    ASSERT_EQ(image.scalar_type(), torch::kUInt8);
    const auto kind = c.text("kind");
    EXPECT_LE(distance(image, expected).max().item<float>(), kind == "420" || kind == "422" ? 3.0F : 1.0F);
    EXPECT_TENSOR_EQ(io::decode_image(bytes, options).data, image);
  }
}

TEST(DecodeAvif, DeepFilesFillSixteenBitsInEveryMode) {
  for (const auto& c : oracle::cases("io_formats/avif_deep")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const auto image = io::decode_avif(bytes, {.mode = support::read_mode(c.text("mode"))}).data;
    const auto expected = c.tensor("expected");
    ASSERT_EQ(image.sizes(), expected.sizes());
    ASSERT_EQ(image.scalar_type(), expected.scalar_type());
    // Levels of the file, whose colors are subsampled.
    const auto level = c.integer("depth") == 8 ? 1.0F : 65535.0F / static_cast<float>((1 << c.integer("depth")) - 1);
    EXPECT_LE(distance(image, expected).max().item<float>(), 3 * level);
    EXPECT_LE(distance(image, expected).mean().item<float>(), level);
  }
}

TEST(DecodeAvif, TurnsUprightWhenAsked) {
  for (const auto& c : oracle::cases("io_formats/avif_exif")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const auto image = io::decode_avif(bytes, {.apply_exif_orientation = true}).data;
    ASSERT_EQ(image.sizes(), c.tensor("expected").sizes());
    EXPECT_LE(distance(image, c.tensor("expected")).max().item<float>(), 1.0F);
    EXPECT_EQ(io::decode_avif(bytes).data.sizes(), (std::vector<int64_t>{3, 16, 24}));
  }
}

TEST(DecodeAvif, RefusesSequencesAsTorchvisionDoes) {
  EXPECT_ERROR(io::decode_avif(support::picture("sequence.avif")), DecodeError,
               "decode_avif: the file has 3 images, sequences are not supported");
}

TEST(DecodeAvif, HoldsToTheLimits) {
  const auto bytes = support::picture("444.avif");  // 40 high, 52 wide
  EXPECT_ERROR(io::decode_avif(bytes, {.limits = {.pixels = 2079}}), DecodeError,
               "decode_avif: the image is 40 high and 52 wide, limits.pixels is 2079");
  EXPECT_ERROR(io::decode_avif(bytes, {.limits = {.codec_bytes = 1000}}), DecodeError, "limits.codec_bytes, 1000");
}

TEST(EncodeAvif, LosslessKeepsEveryPixelOfEightBits) {
  torch::manual_seed(0);
  for (const int64_t channels : {3, 4}) {
    const auto image = torch::randint(256, {channels, 13, 29}, torch::kUInt8);
    EXPECT_TENSOR_EQ(io::decode_avif(io::encode_avif(Image(image), {.lossless = true, .speed = 10})).data, image);
  }
  const auto gray = torch::randint(256, {1, 13, 29}, torch::kUInt8);
  EXPECT_TENSOR_EQ(io::decode_avif(io::encode_avif(Image(gray), {.lossless = true, .speed = 10})).data,
                   gray.expand({3, 13, 29}));
}

TEST(EncodeAvif, LosslessKeepsWhatTheDepthHolds) {
  torch::manual_seed(0);
  const auto image = torch::randint(65536, {3, 13, 29}, torch::kInt32).to(torch::kUInt16);
  for (const int64_t depth : {10, 12}) {
    const auto back = io::decode_avif(io::encode_avif(Image(image), {.lossless = true, .speed = 10, .depth = depth})).data;
    EXPECT_EQ(back.scalar_type(), torch::kUInt16);
    EXPECT_LE(distance(image, back).max().item<float>(), 65536.0F / static_cast<float>(1 << depth));
  }
}

TEST(EncodeAvif, LossyComesNear) {
  const auto photo = io::decode_image(support::picture("lossless.webp")).data;
  const auto error = [&](int64_t quality) {
    const auto back = io::decode_avif(io::encode_avif(Image(photo), {.quality = quality, .speed = 10})).data;
    return distance(photo, back).mean().item<float>();
  };
  EXPECT_LT(error(95), error(30));
  EXPECT_LT(error(95), 6.0F);
}

TEST(EncodeAvif, RefusesWhatAnAvifHasNot) {
  const auto image = [](std::vector<int64_t> shape) { return Image(torch::zeros(shape, torch::kUInt8)); };
  EXPECT_ERROR(io::encode_avif(image({2, 8, 8})), ValueError, "with 1, 3 or 4 channels, got (2, 8, 8)");
  EXPECT_ERROR(io::encode_avif(Image(torch::zeros({3, 8, 8}))), ValueError, "the image must be Byte or UInt16, got Float");
  EXPECT_ERROR(io::encode_avif(image({3, 8, 8}), {.quality = -1}), ValueError, "quality must be in [0, 100], got -1");
  EXPECT_ERROR(io::encode_avif(image({3, 8, 8}), {.speed = 11}), ValueError, "speed must be in [0, 10], got 11");
  EXPECT_ERROR(io::encode_avif(image({3, 8, 8}), {.depth = 9}), ValueError, "depth must be 8, 10, 12 or 0");
}

TEST(WriteAvif, CanBeReadBack) {
  const support::TemporaryFolder folder;
  const auto image = io::decode_image(support::picture("lossless.webp"));
  io::write_avif(image, folder.path() / "a.avif", {.lossless = true, .speed = 10});
  EXPECT_TENSOR_EQ(io::decode_image(folder.path() / "a.avif").data, image.data);
}

// torchcodec loads the machine's libheif, as we do: not one level may differ.
TEST(DecodeHeic, EqualsTorchcodecsInEveryMode) {
  for (const auto& c : oracle::cases("io_formats/heic")) {
    SCOPED_TRACE(c.name());
    const auto image = io::decode_heic(support::picture(c.text("file")), {.mode = support::read_mode(c.text("mode"))}).data;
    EXPECT_TENSOR_EQ(image, c.tensor("expected"));
  }
}

TEST(DecodeHeic, TurnsByTheBoxesOfTheFileAlways) {
  for (const auto& c : oracle::cases("io_formats/heic_turned")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    if (c.boolean("refused")) {
      EXPECT_ERROR(io::decode_heic(bytes), DecodeError, "decode_heic: Unsupported feature");
      continue;
    }
    EXPECT_TENSOR_EQ(io::decode_heic(bytes).data, c.tensor("expected"));
    EXPECT_TENSOR_EQ(io::decode_heic(bytes, {.apply_exif_orientation = true}).data, c.tensor("expected"));
  }
}

// Its standard has EXIF tell of what the boxes do, for those who do not read boxes.
TEST(DecodeHeic, DoesNotTurnByExif) {
  for (const auto& c : oracle::cases("io_formats/heic_exif")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    EXPECT_TENSOR_EQ(io::decode_heic(bytes).data, c.tensor("expected"));
    EXPECT_TENSOR_EQ(io::decode_heic(bytes, {.apply_exif_orientation = true}).data, c.tensor("expected"));
  }
}

TEST(DecodeHeic, IsNotChosenByContentAlone) {
  const auto bytes = support::picture("photo_8_3.heic");
  EXPECT_ERROR(
      io::decode_image(bytes), DecodeError,
      "decode_image: the content is heic, which is not decoded by content alone; trust it with DecodeOptions::heic = true, "
      "or call decode_heic");
  EXPECT_TENSOR_EQ(io::decode_image(bytes, {.heic = true}).data, io::decode_heic(bytes).data);
}

TEST(DecodeHeic, RefusesUnderStrictWhatItWarnsOf) {
  for (const auto& c : oracle::cases("io_formats/heic_warns")) {
    const auto bytes = support::picture(c.text("file"));
    EXPECT_TENSOR_EQ(io::decode_heic(bytes).data, c.tensor("expected"));
    EXPECT_ERROR(io::decode_heic(bytes, {.strict = true}), DecodeError, "decode_heic: Invalid input");
  }
  const auto sound = support::picture("photo_8_3.heic");
  EXPECT_TENSOR_EQ(io::decode_heic(sound, {.strict = true}).data, io::decode_heic(sound).data);
}

TEST(DecodeHeic, TakesPanoramas) {
  const auto bytes = support::picture("panorama.heic");
  EXPECT_EQ(io::decode_heic(bytes).data.sizes(), (std::vector<int64_t>{3, 64, 14'000}));
  EXPECT_ERROR(io::decode_heic(bytes, {.limits = {.side = 13'999}}), DecodeError, "limits.side is 13999");
  EXPECT_ERROR(io::decode_heic(bytes, {.limits = {.pixels = 64 * 14'000 - 1}}), DecodeError, "limits.pixels is 895999");
}

TEST(DecodeHeic, HoldsToTheLimits) {
  const auto bytes = support::picture("photo_8_3.heic");  // 64 high, 80 wide
  EXPECT_ERROR(io::decode_heic(bytes, {.limits = {.pixels = 5119}}), DecodeError, "decode_heic: ");
  EXPECT_ERROR(io::decode_heic(bytes, {.limits = {.side = 79}}), DecodeError, "limits.side is 79");
  EXPECT_ERROR(io::decode_heic(bytes, {.limits = {.codec_bytes = 1000}}), DecodeError, "limits.codec_bytes, 1000");
}

}  // namespace
}  // namespace opsis
