// DecodeOptions::still, against Pillow.
#include "opsis/io/image.h"
#include "tests/io/pictures.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

TEST(DecodeImage, GivesTheFirstOfSeveralPicturesAsPillowOpensIt) {
  for (const auto& c : oracle::cases("io_formats/still")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const io::DecodeOptions options{.mode = io::ImageReadMode::RGB, .still = true};
    if (c.boolean("refused")) {
      EXPECT_ERROR(io::decode_image(bytes, options), DecodeError, "decode_");
    } else {
      EXPECT_TENSOR_EQ(io::decode_image(bytes, options).data, c.tensor("expected"));
    }
  }
}

TEST(DecodeImage, LooksAtNoOtherPageForAStill) {
  const auto pages = support::picture("still_unlike_pages.tiff");
  EXPECT_ERROR(io::decode_image(pages), DecodeError, "pages must be alike");
  // The second page's directory is behind all pixels of the first.
  const auto cut = io::Bytes(pages).first(pages.size() - 40);
  EXPECT_EQ(io::decode_image(cut, {.still = true}).data.sizes(), (std::vector<int64_t>{3, 9, 11}));
}

TEST(DecodeWebp, ChecksTheLimitsOfAnAnimation) {
  const auto animation = support::picture("still_animation.webp");
  const int64_t needed = int64_t{9} * 11 * 4 * 3;
  io::DecodeOptions options{.limits = {.codec_bytes = needed}, .still = true};
  EXPECT_EQ(io::decode_webp(animation, options).data.sizes(), (std::vector<int64_t>{3, 9, 11}));
  options.limits.codec_bytes = needed - 1;
  EXPECT_ERROR(io::decode_webp(animation, options), DecodeError, "limits.codec_bytes");
  EXPECT_ERROR(io::decode_webp(io::Bytes(animation).first(animation.size() / 4), {.still = true}), DecodeError,
               "decode_webp: ");
}

TEST(DecodeAvif, ReadsNoMoreSamplesOfASequenceThanTheLimits) {
  const auto sequence = support::picture("still_sequence.avif");
  io::DecodeOptions options{.limits = {.frames = 3}, .still = true};
  EXPECT_EQ(io::decode_avif(sequence, options).data.sizes(), (std::vector<int64_t>{3, 9, 11}));
  options.limits.frames = 2;
  EXPECT_ERROR(io::decode_avif(sequence, options), DecodeError, "decode_avif: ");
}

}  // namespace
}  // namespace opsis
