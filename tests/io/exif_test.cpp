#include "opsis/io/exif.h"

#include <torch/torch.h>

#include "tests/io/pictures.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using namespace std::string_view_literals;

TEST(ExifOrientation, IsAppliedAsByTorchvisionAndOnlyWhenAsked) {
  for (const auto& c : oracle::cases("io/exif")) {
    SCOPED_TRACE(c.name());
    const auto image = io::decode_image(support::picture_path(c.text("file")), {.apply_exif_orientation = c.boolean("apply")});
    EXPECT_TENSOR_EQ(image.data, c.tensor("expected"));
  }
}

TEST(ExifOrientation, DamagedBlocksLeaveThePictureAsTorchvisionDoes) {
  for (const auto& c : oracle::cases("io/exif_odd")) {
    SCOPED_TRACE(c.name());
    const auto image = io::decode_image(support::picture_path(c.text("file")), {.apply_exif_orientation = true});
    EXPECT_TENSOR_EQ(image.data, c.tensor("expected"));
  }
}

TEST(ExifOrientation, OfABlockThatIsLongerThanTheFileIsRefusedWhereItIsLookedFor) {
  for (const auto& c : oracle::cases("io/exif_claims")) {
    SCOPED_TRACE(c.name());
    const auto path = support::picture_path(c.text("file"));
    EXPECT_EQ(c.boolean("refused"), !c.boolean("behind"));  // torchvision does not look behind the pixels
    if (c.boolean("behind")) {
      EXPECT_EQ(io::decode_image(path, {.apply_exif_orientation = true}).data.sizes(), (std::vector<int64_t>{3, 7, 9}));
    } else {
      EXPECT_ERROR(io::decode_image(path), DecodeError, "incomplete or truncated");
    }
    EXPECT_ERROR(io::decode_image(path, {.strict = true}), DecodeError, "incomplete or truncated");
  }
}

constexpr auto exif_block = "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"sv;

TEST(ExifOrientation, IsReadFromTheBlockAlone) {
  EXPECT_EQ(io::exif_orientation(io::as_bytes(exif_block)), 6);
  EXPECT_EQ(io::exif_orientation_of_app1(io::as_bytes(std::string("Exif\0\0"sv).append(exif_block))), 6);
  EXPECT_EQ(io::exif_orientation_of_app1(io::as_bytes(exif_block)), 1);
  EXPECT_EQ(io::exif_orientation({}), 1);
}

TEST(ExifOrientation, NoTruncationOrFlippedByteReadsBeyondTheBlock) {
  // Each is a vector of exactly its size, so that the asan preset sees one byte too many.
  for (size_t size = 0; size < exif_block.size(); ++size) {
    const std::vector<uint8_t> cut(exif_block.begin(), exif_block.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(io::exif_orientation(cut), size < 22 ? 1 : 6) << size;
  }
  for (size_t place = 0; place < exif_block.size(); ++place) {
    for (int mask = 1; mask < 256; ++mask) {
      std::vector<uint8_t> changed(exif_block.begin(), exif_block.end());
      changed[place] ^= static_cast<uint8_t>(mask);
      const auto orientation = io::exif_orientation(changed);
      EXPECT_TRUE(orientation >= 1 && orientation <= 8);
    }
  }
}

}  // namespace
}  // namespace opsis
