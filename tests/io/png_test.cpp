#include "opsis/io/png.h"

#include <torch/torch.h>

#include "opsis/core/check.h"
#include "tests/io/pictures.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

// Both sides are libpng with the same transformations, so not one level may differ. Where torchvision returns memory that it
// never wrote ("unwritten"), the expected picture is the one that the file holds.
TEST(DecodePng, EveryKindInEveryModeEqualsTorchvision) {
  for (const auto& c : oracle::cases("io/png")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const DecodeOptions options{.mode = support::read_mode(c.text("mode"))};
    ASSERT_FALSE(c.boolean("refused"));
    EXPECT_TENSOR_EQ(io::decode_png(bytes, options).data, c.tensor("expected"));
    EXPECT_TENSOR_EQ(io::decode_image(support::picture_path(c.text("file")), options).data, c.tensor("expected"));
  }
}

TEST(DecodePng, SixteenBitsStay) {
  const auto image = io::decode_png(support::picture("rgb16.png"));
  EXPECT_EQ(image.data.scalar_type(), torch::kUInt16);
  EXPECT_EQ(image.data.strides(), (std::vector<int64_t>{1, 69, 3}));
}

TEST(DecodePng, LetsTheDestinationThrow) {
  const auto refuse = [](const io::ImageInfo&) -> void* { raise<IoError>("no room"); };
  EXPECT_ERROR(io::png::decode(support::picture("photo.png"), {}, refuse), IoError, "no room");
}

// The bytes depend on the zlib of either side; the pixels do not.
TEST(EncodePng, PixelsSurviveEveryLevel) {
  for (const auto& c : oracle::cases("io/encode_png")) {
    SCOPED_TRACE(c.name());
    const Image image(c.tensor("image"));
    const auto bytes = io::encode_png(image, c.integer("level"));
    EXPECT_TENSOR_EQ(io::decode_png(bytes).data, c.tensor("expected"));
    EXPECT_TENSOR_EQ(c.tensor("expected"), image.data);
    const Image flipped(image.data.flip(-1).flip(-1).transpose(1, 2).contiguous().transpose(1, 2));
    EXPECT_TENSOR_EQ(io::encode_png(flipped, c.integer("level")), bytes);
  }
}

TEST(EncodePng, HigherLevelsAreSmaller) {
  const auto image = io::decode_image(support::picture("photo.png"));
  EXPECT_GT(io::encode_png(image, 0).numel(), image.data.numel());
  EXPECT_LT(io::encode_png(image, 9).numel(), io::encode_png(image, 1).numel());
}

TEST(EncodePng, RefusesWhatTorchvisionRefuses) {
  const auto image = [](std::vector<int64_t> shape) { return Image(torch::zeros(shape, torch::kUInt8)); };
  EXPECT_ERROR(io::encode_png(image({2, 8, 8})), ValueError,
               "encode_png: the image must be (1, H, W) or (3, H, W), got (2, 8, 8)");
  EXPECT_ERROR(io::encode_png(Image(torch::zeros({3, 8, 8}, torch::kUInt16))), ValueError,
               "encode_png: the image must be uint8, got UInt16");
  EXPECT_ERROR(io::encode_png(image({3, 8, 8}), -1), ValueError, "encode_png: compression_level must be in [0, 9], got -1");
  EXPECT_ERROR(io::encode_png(image({3, 8, 8}), 10), ValueError, "got 10");
  EXPECT_ERROR(io::encode_png(image({3, 8, 0})), ValueError, "(the image is 8 high and 0 wide)");
}

TEST(WritePng, CanBeReadBack) {
  const support::TemporaryFolder folder;
  const auto image = io::decode_image(support::picture("photo.png"));
  io::write_png(image, folder.path() / "a.png");
  EXPECT_TENSOR_EQ(io::decode_image(folder.path() / "a.png").data, image.data);
}

}  // namespace
}  // namespace opsis
