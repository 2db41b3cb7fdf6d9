// The formats that are read by hand: BMP, PNM, PFM and .flo.
#include <torch/torch.h>

#include "opsis/io/bmp.h"
#include "opsis/io/flo.h"
#include "opsis/io/pfm.h"
#include "opsis/io/pnm.h"
#include "tests/io/pictures.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using namespace std::string_view_literals;

TEST(DecodeBmp, EveryKindInEveryModeEqualsPillow) {
  for (const auto& c : oracle::cases("io_formats/bmp")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const DecodeOptions options{.mode = support::read_mode(c.text("mode"))};
    EXPECT_TENSOR_EQ(io::decode_bmp(bytes, options).data, c.tensor("expected"));
    EXPECT_TENSOR_EQ(io::decode_image(bytes, options).data, c.tensor("expected"));
  }
}

TEST(DecodeBmp, SaysWhatIsWrong) {
  auto bytes = support::picture("8.bmp");
  EXPECT_ERROR(io::decode_bmp(io::as_bytes("no BMP, but long enough"sv)), DecodeError, "decode_bmp: a BMP begins with BM");
  EXPECT_ERROR(io::decode_bmp(io::Bytes(bytes).first(bytes.size() - 1)), DecodeError,
               "decode_bmp: the image is incomplete or truncated");
  bytes[28] = 7;
  EXPECT_ERROR(io::decode_bmp(bytes), DecodeError, "decode_bmp: pixels of 7 bits with compression 0 cannot be decoded");
  EXPECT_ERROR(io::decode_bmp(support::picture("8.bmp"), {.limits = {.pixels = 142}}), DecodeError,
               "decode_bmp: the image is 11 high and 13 wide, limits.pixels is 142");
  EXPECT_ERROR(io::decode_bmp(support::picture("runs8.bmp"), {.limits = {.codec_bytes = 100}}), DecodeError,
               "limits.codec_bytes, 100");
}

TEST(DecodeBmp, RefusesUnderStrictAColorOfNoPalette) {
  auto bytes = support::picture("8.bmp");
  EXPECT_TENSOR_EQ(io::decode_bmp(bytes, {.strict = true}).data, io::decode_bmp(bytes).data);
  bytes[46] = 10, bytes[47] = 0;  // colors
  EXPECT_EQ(io::decode_bmp(bytes).data.size(0), 3);
  EXPECT_ERROR(io::decode_bmp(bytes, {.strict = true}), DecodeError, " of a palette of 10");
}

TEST(DecodePnm, EveryKindInEveryModeEqualsThePngOfIt) {
  for (const auto& c : oracle::cases("io_formats/pnm")) {
    if (c.text("file").empty()) continue;
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const DecodeOptions options{.mode = support::read_mode(c.text("mode"))};
    EXPECT_TENSOR_EQ(io::decode_pnm(bytes, options).data, c.tensor("expected"));
    EXPECT_TENSOR_EQ(io::decode_image(bytes, options).data, c.tensor("expected"));
  }
}

TEST(DecodePnm, ReadsTextOfEveryShape) {
  const auto decode = [](std::string_view text) { return io::decode_pnm(io::as_bytes(text)).data; };
  const auto expected = torch::tensor({{{255, 0, 0}, {0, 255, 255}}}, torch::kUInt8);
  EXPECT_TENSOR_EQ(decode("P1 3 2 0 1 1 1 0 0"), expected);
  EXPECT_TENSOR_EQ(decode("P1\n#c\n3#c\n2\n011100"), expected);
  EXPECT_TENSOR_EQ(decode("P1#\n3 2 01#0\n11\r\n#\r00 and what follows"), expected);
  EXPECT_TENSOR_EQ(decode("P4 3 2 \x60\x80"), expected);
  EXPECT_TENSOR_EQ(decode("P2 2 1 3 3 1"), torch::tensor({{{255, 85}}}, torch::kUInt8));
}

TEST(DecodePnm, KeepsManyChannels) {
  const auto image = io::decode_pnm(io::as_bytes("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 6\nMAXVAL 255\nENDHDR\nabcdef"sv)).data;
  EXPECT_TENSOR_EQ(image.flatten(), torch::tensor({97, 98, 99, 100, 101, 102}, torch::kUInt8));
  EXPECT_ERROR(io::decode_pnm(io::as_bytes("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 6\nMAXVAL 255\nENDHDR\nabcdef"sv),
                              {.mode = ImageReadMode::RGB}),
               ValueError, "decode_pnm: mode must be UNCHANGED for a picture of 6 channels");
}

TEST(DecodePnm, SaysWhatIsWrong) {
  const auto decode = [](std::string_view text, const Limits& limits = {}) {
    return io::decode_pnm(io::as_bytes(text), {.limits = limits});
  };
  EXPECT_ERROR(decode("P8 1 1 1 1"), DecodeError, "decode_pnm: a PNM begins with P1 to P7");
  EXPECT_ERROR(decode("P5 1"), DecodeError, "decode_pnm: the file ends before its height (4 bytes)");
  EXPECT_ERROR(decode("P5 x 1 1"), DecodeError, "decode_pnm: the width is no number, byte 3 is 120");
  EXPECT_ERROR(decode("P5 1 1 65536 ab"), DecodeError, "decode_pnm: the header says 1x1 pixels of 1 channels up to 65536");
  EXPECT_ERROR(decode("P5 0 1 255 ab"), DecodeError, "decode_pnm: the header says 1x0 pixels");
  EXPECT_ERROR(decode("P5 2 2 255 abc"), DecodeError, "decode_pnm: the image is incomplete or truncated (14 bytes, 2x2)");
  EXPECT_ERROR(decode("P2 2 1 9 3 10"), DecodeError, "decode_pnm: a pixel of 10, the largest value is 9");
  EXPECT_ERROR(decode("P2 2 1 9 3      "), DecodeError, "decode_pnm: the file ends before its next pixel");
  EXPECT_ERROR(decode("P1 2 1 1 2"), DecodeError, "a pixel must be 0 or 1");
  EXPECT_ERROR(decode("P7\nWIDTH 1\n"), DecodeError, "decode_pnm: the header of the PAM has no ENDHDR");
  EXPECT_ERROR(decode("P5 99999999999999999999 99999999999999999999 255 "), DecodeError, "limits.side");
  EXPECT_ERROR(decode("P5 999999 999999 255 "), DecodeError, "limits.pixels");
  EXPECT_ERROR(decode("P7 WIDTH 9 HEIGHT 9 DEPTH 99999999999999999 MAXVAL 1 ENDHDR "), DecodeError, "limits.codec_bytes");
  EXPECT_ERROR(decode("P5 30000 5000 255 abc"), DecodeError, "incomplete or truncated");
  EXPECT_ERROR(decode("P6 2 2 255 abcdefghijkl", {.image_bytes = 11}), DecodeError, "limits.image_bytes, 11");
}

TEST(DecodePfm, ConvertsIntoEveryMode) {
  for (const auto& c : oracle::cases("io_formats/pfm")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const auto decoded = [&](ImageReadMode mode) { return io::decode_pfm(bytes, {.mode = mode}).data; };
    const auto numbers = c.tensor("expected"), color = numbers.expand({3, -1, -1});
    const auto gray =
        numbers.size(0) == 1 ? numbers : (numbers[0] * 0.2989 + numbers[1] * 0.587 + numbers[2] * 0.114).unsqueeze(0);
    const auto opaque = torch::ones_like(gray);
    EXPECT_TENSOR_EQ(decoded(ImageReadMode::RGB), color);
    EXPECT_TENSOR_EQ(decoded(ImageReadMode::RGBA), torch::cat({color, opaque}));
    EXPECT_TENSOR_NEAR(decoded(ImageReadMode::GRAY), gray, 1e-6, 0);  // float's last bits
    EXPECT_TENSOR_NEAR(decoded(ImageReadMode::GRAY_ALPHA), torch::cat({gray, opaque}), 1e-6, 0);
  }
}

TEST(DecodePfm, EqualsTorchvisionsReader) {
  for (const auto& c : oracle::cases("io_formats/pfm")) {
    SCOPED_TRACE(c.name());
    EXPECT_TENSOR_EQ(io::read_pfm(support::picture_path(c.text("file"))), c.tensor("expected"));
    EXPECT_TENSOR_EQ(io::decode_image(support::picture_path(c.text("file"))).data, c.tensor("expected"));
    EXPECT_EQ(io::decode_pfm(support::picture(c.text("file")), {.mode = ImageReadMode::RGBA}).data.size(0), 4);
  }
}

TEST(DecodePfm, SaysWhatIsWrong) {
  const auto decode = [](std::string_view text) { return io::decode_pfm(io::as_bytes(text)); };
  EXPECT_ERROR(decode("PX 1 1 1 abcd"), DecodeError, "decode_pfm: a PFM begins with PF or Pf");
  EXPECT_ERROR(decode("Pf 1 1 1 abc"), DecodeError, "decode_pfm: the image is incomplete or truncated (12 bytes, 1x1)");
  EXPECT_ERROR(decode("Pf 1 -1 1 abcd"), DecodeError, "decode_pfm: a side of \"-1\" pixels");
  EXPECT_ERROR(decode("Pf 1 1 one abcd"), DecodeError, "decode_pfm: a scale of \"one\"");
  EXPECT_ERROR(decode("Pf 999999 999999 1 abcd"), DecodeError, "limits.pixels");
}

TEST(DecodePfm, HoldsToTheLimits) {
  const auto decode = [](const Limits& limits, ImageReadMode mode = ImageReadMode::UNCHANGED) {
    return io::decode_pfm(io::as_bytes("Pf 2 3 -1 abcdefghabcdefghabcdefgh"sv), {.mode = mode, .limits = limits});
  };
  EXPECT_EQ(decode({.pixels = 6, .side = 3, .image_bytes = 24}).data.sizes(), (std::vector<int64_t>{1, 3, 2}));
  EXPECT_ERROR(decode({.pixels = 5}), DecodeError, "decode_pfm: the image is 3 high and 2 wide, limits.pixels is 5");
  EXPECT_ERROR(decode({.side = 2}), DecodeError, "decode_pfm: ");
  EXPECT_ERROR(decode({.image_bytes = 23}), DecodeError, "decode_pfm: ");
  EXPECT_ERROR(decode({.image_bytes = 24}, ImageReadMode::RGB), DecodeError, "decode_pfm: ");  // which is three times as large
}

TEST(DecodeFlo, EqualsTorchvisionsReader) {
  for (const auto& c : oracle::cases("io_formats/flo")) {
    SCOPED_TRACE(c.name());
    EXPECT_TENSOR_EQ(io::read_flo(support::picture_path(c.text("file"))), c.tensor("expected"));
    EXPECT_TRUE(io::read_flo(support::picture_path(c.text("file"))).is_contiguous());
  }
}

TEST(DecodeFlo, SaysWhatIsWrong) {
  const auto decode = [](std::string_view text) { return io::decode_flo(io::as_bytes(text)); };
  EXPECT_ERROR(decode("PIEX\1\0\0\0\1\0\0\0abcdefgh"sv), DecodeError,
               "decode_flo: the magic number is not 202021.25 (20 bytes)");
  EXPECT_ERROR(decode("PIEH\1\0\0\0\1\0\0"sv), DecodeError, "decode_flo: the header is cut off (11 bytes)");
  EXPECT_ERROR(decode("PIEH\1\0\0\0\1\0\0\0abcdefg"sv), DecodeError,
               "decode_flo: the flow is incomplete or truncated (19 bytes, 1x1)");
  EXPECT_ERROR(decode("PIEH\xFF\xFF\xFF\xFF\1\0\0\0abcdefgh"sv), DecodeError, "decode_flo: the flow is 1x-1");
  EXPECT_ERROR(io::decode_image(io::as_bytes("PIEH\1\0\0\0\1\0\0\0abcdefgh"sv)), DecodeError, "of no known format");
  EXPECT_ERROR(io::read_flo(support::picture_path("1_little.pfm")), DecodeError, "1_little.pfm: decode_flo: ");
}

TEST(DecodeFlo, HoldsToTheLimits) {
  const auto decode = [](const Limits& limits) {
    return io::decode_flo(io::as_bytes("PIEH\2\0\0\0\1\0\0\0abcdefghabcdefgh"sv), {.limits = limits});
  };
  EXPECT_EQ(decode({.pixels = 2, .side = 2, .image_bytes = 16}).sizes(), (std::vector<int64_t>{2, 1, 2}));
  EXPECT_ERROR(decode({.pixels = 1}), DecodeError, "decode_flo: the image is 1 high and 2 wide, limits.pixels is 1");
  EXPECT_ERROR(decode({.side = 1}), DecodeError, "decode_flo: ");
  EXPECT_ERROR(decode({.image_bytes = 15}), DecodeError, "decode_flo: ");
}

}  // namespace
}  // namespace opsis
