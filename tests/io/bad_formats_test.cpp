// What bad_input_test.cpp asks of JPEG and PNG, of the other formats: each truncation, each changed byte.
#include <torch/torch.h>

#include "opsis/io/codecs.h"
#include "tests/io/pictures.h"
#include "tests/support/damage.h"
#include "tests/support/expect.h"
#include "tests/support/memory.h"

namespace opsis {
namespace {

/// Decodes as the format that the file's name says. Whether that throws DecodeError; anything else fails the test.
bool format_refuses(const std::string& kind, io::Bytes bytes, bool strict = false) {
  // A copy of just that size, so that the asan preset sees one byte too many.
  const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  const DecodeOptions options{
      .apply_exif_orientation = true, .limits = {.pixels = 1 << 20, .codec_bytes = 64 << 20}, .strict = strict};
  try {
    if (kind == "gif") io::decode_gif(copy, options);
    if (kind.starts_with("webp")) io::decode_webp(copy, options);
    if (kind == "avif") io::decode_avif(copy, options);
    if (kind == "heic") io::decode_heic(copy, options);
    if (kind.starts_with("tiff")) io::decode_tiff(copy, options);
    if (kind.starts_with("bmp")) io::decode_bmp(copy, options);
    if (kind == "pnm" || kind == "pam") io::decode_pnm(copy, options);
    if (kind == "pfm") io::decode_pfm(copy, options);
    if (kind == "flo") io::decode_flo(copy, options);
    return false;
  } catch (const DecodeError& error) {
    EXPECT_STRNE(error.what(), "");
    return true;
  }
}

TEST(DecodeFormats, RefuseTruncationsAsTorchvisionDoes) {
  for (const auto& c : oracle::cases("io_formats/small")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const auto kind = c.text("kind");
    EXPECT_FALSE(format_refuses(kind, bytes));
    EXPECT_FALSE(format_refuses(kind, bytes, true));
    EXPECT_TRUE(format_refuses(kind, {}));
    for (size_t length = 1; length < bytes.size(); ++length) {
      const bool refused = format_refuses(kind, io::Bytes(bytes).first(length));
      if (c.has_tensor("refused")) {
        EXPECT_EQ(refused, c.tensor("refused")[static_cast<int64_t>(length) - 1].item<bool>()) << length;
      } else if (kind == "flo" || kind == "pfm" || kind == "pam" || kind == "bmp") {
        EXPECT_TRUE(refused) << length;  // every byte counts
      }
    }
  }
}

TEST(DecodeFormats, EveryChangedByteGivesAnErrorOrAnImageAndPrintsNothing) {
  for (const auto& c : oracle::cases("io_formats/small")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const auto kind = c.text("kind");
    // dav1d and libde265, below libavif and libheif, print about bad streams; neither library passes on the switch.
    const bool prints = kind == "avif" || kind == "heic";
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    for (size_t place = 0; place < bytes.size(); ++place) {
      for (const auto mask : support::changes()) {
        auto changed = bytes;
        changed[place] ^= mask;
        format_refuses(kind, changed);
        format_refuses(kind, changed, true);
      }
    }
    const auto errors = testing::internal::GetCapturedStderr(), output = testing::internal::GetCapturedStdout();
    if (!prints) {
      EXPECT_EQ(errors + output, "");
    }
  }
}

TEST(DecodeFormats, KeepNothingOfFailures) {
  if (support::resident_memory() == 0) GTEST_SKIP() << "there is no /proc";
  for (const auto& c : oracle::cases("io_formats/small")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const auto fail = [&](size_t times) {
      size_t refused = 0;
      for (size_t i = 0; i < times; ++i) {
        refused += format_refuses(c.text("kind"), io::Bytes(bytes).first(bytes.size() * (1 + i % 3) / 4), i % 2 == 1);
      }
      EXPECT_EQ(refused, times);
    };
    fail(100);
    const auto before = support::resident_memory();
    fail(10'000);
    EXPECT_LE(support::resident_memory() - before, 4 << 20);
  }
}

TEST(DecodeFormats, AreFoundByContent) {
  for (const auto& c : oracle::cases("io_formats/small")) {
    SCOPED_TRACE(c.name());
    const auto kind = c.text("kind");
    if (kind == "flo") continue;
    const auto bytes = support::picture(c.text("file"));
    const auto name = io::find_codec(bytes, {.heic = true}).name;
    EXPECT_EQ(name, kind == "pam" ? "pnm" : kind.substr(0, kind.find('_')));
  }
}

}  // namespace
}  // namespace opsis
