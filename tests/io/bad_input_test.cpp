// Foreign bytes that are no image, no longer one, or one that asks for too much.
#include <torch/torch.h>

#include <ctime>

#include "opsis/io/codecs.h"
#include "tests/io/pictures.h"
#include "tests/support/damage.h"
#include "tests/support/expect.h"
#include "tests/support/memory.h"

namespace opsis {
namespace {

/// Whether decoding throws DecodeError; any other exception fails the test.
bool refuses_to_decode(io::Bytes bytes, torch::Tensor* image = nullptr) {
  try {
    const auto decoded = io::decode_image(bytes);
    if (image) *image = decoded.data;
    return false;
  } catch (const DecodeError& error) {
    EXPECT_STRNE(error.what(), "");
    return true;
  }
}

/// A copy of just that size, so that the asan preset sees one byte too many.
std::vector<uint8_t> exact_copy(io::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

TEST(DecodeImage, RefusesTheTruncationsThatTorchvisionRefuses) {
  for (const auto& c : oracle::cases("io/truncated")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const auto expected = c.tensor("refused");
    ASSERT_EQ(expected.numel(), std::ssize(bytes));
    EXPECT_TRUE(refuses_to_decode({}));
    for (size_t length = 1; length <= bytes.size(); ++length) {
      const auto cut = exact_copy(io::Bytes(bytes).first(length));
      EXPECT_EQ(refuses_to_decode(cut), expected[static_cast<int64_t>(length) - 1].item<bool>()) << length;
    }
  }
}

TEST(DecodeJpeg, TreatsEveryFlippedByteAsTorchvisionDoes) {
  for (const auto& c : oracle::cases("io/flipped")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const auto expected = c.tensor("refused"), sums = c.tensor("sums");
    // What a damaged progressive file lacks, releases of libjpeg-turbo make up differently: 2.1 and 3.1 differ here after a change
    // of any of four bytes. The verdict is the same.
    const bool same_pixels = c.text("kind") != "jpeg_progressive";
    ASSERT_EQ(expected.numel(), std::ssize(bytes));
    for (size_t place = 0; place < bytes.size(); ++place) {
      auto changed = exact_copy(bytes);
      changed[place] ^= static_cast<uint8_t>(c.integer("mask"));
      torch::Tensor image;
      const auto at = static_cast<int64_t>(place);
      EXPECT_EQ(refuses_to_decode(changed, &image), expected[at].item<bool>()) << place;
      if (image.defined() && same_pixels) {
        EXPECT_EQ(image.sum().item<int64_t>(), sums[at].item<int64_t>()) << place;
      }
    }
  }
}

TEST(DecodePng, EveryFlippedByteGivesAnErrorOrAnImage) {
  for (const auto* name : {"small_png.png", "small_png_interlaced.png"}) {
    SCOPED_TRACE(name);
    const auto bytes = support::picture(name);
    for (size_t place = 0; place < bytes.size(); ++place) {
      for (const auto mask : support::changes()) {
        auto changed = exact_copy(bytes);
        changed[place] ^= mask;
        refuses_to_decode(changed);
      }
    }
  }
}

TEST(DecodeImage, PrintsNothingAboutBadFiles) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  for (const auto* name : {"small_jpeg.jpeg", "small_png.png"}) {
    const auto bytes = support::picture(name);
    for (size_t place = 0; place < bytes.size(); ++place) {
      auto changed = exact_copy(bytes);
      changed[place] ^= 0xFF;
      refuses_to_decode(changed);
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(DecodeImage, KeepsNothingOfFailures) {
  if (support::resident_memory() == 0) GTEST_SKIP() << "there is no /proc";
  std::vector<std::vector<uint8_t>> broken;
  for (const auto* name : {"small_jpeg.jpeg", "small_jpeg_progressive.jpeg", "small_png.png", "small_png_interlaced.png"}) {
    const auto bytes = support::picture(name);
    for (const size_t length : {bytes.size() / 3, bytes.size() * 2 / 3, bytes.size() - 30}) {
      broken.push_back(exact_copy(io::Bytes(bytes).first(length)));
    }
  }
  const auto fail = [&](int times) {
    for (int i = 0; i < times; ++i) {
      const DecodeOptions options{.strict = i % 2 == 1};
      EXPECT_THROW(io::decode_image(broken[static_cast<size_t>(i) % broken.size()], options), DecodeError);
    }
  };
  fail(200);
  const auto before = support::resident_memory();
  fail(10'000);
  EXPECT_LE(support::resident_memory() - before, 4 << 20);
}

TEST(DecodeImage, RefusesHostileFilesAtOnceAndSaysHowToTrustThem) {
  for (const auto& c : oracle::cases("io/hostile")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const auto begin = std::clock();
    EXPECT_ERROR(io::decode_image(bytes), DecodeError, c.text("message"));
    // Measured 1 ms; the bound is for sanitizers. To fill what they claim would take seconds.
    EXPECT_LT(std::clock() - begin, CLOCKS_PER_SEC / 5);
  }
}

TEST(Limits, HoldToThePixel) {
  const auto bytes = support::picture("photo.png");  // 240 high, 321 wide
  const auto decode = [&](const Limits& limits) { return io::decode_image(bytes, {.limits = limits}); };
  EXPECT_NO_THROW(decode({.pixels = 77'040, .side = 321}));
  EXPECT_ERROR(decode({.pixels = 240 * 321 - 1}), DecodeError,
               "decode_png: the image is 240 high and 321 wide, limits.pixels is 77039; raise it in DecodeOptions::limits");
  EXPECT_ERROR(decode({.side = 320}), DecodeError, "decode_png: the image is 240 high and 321 wide, limits.side is 320");
  EXPECT_ERROR(decode({.codec_bytes = 1000}), DecodeError, "limits.codec_bytes, 1000");
  EXPECT_ERROR(io::decode_image(support::picture_path("photo.png"), {.limits = {.file_bytes = 100}}), DecodeError,
               "larger than limits.file_bytes (100)");

  const auto jpeg = support::picture("photo_progressive.jpg");
  EXPECT_ERROR(io::decode_image(jpeg, {.limits = {.pixels = 1000}}), DecodeError,
               "decode_jpeg: the image is 333 high and 251 wide, limits.pixels is 1000");
  EXPECT_ERROR(io::decode_image(jpeg, {.limits = {.codec_bytes = 100'000}}), DecodeError,
               "decode_jpeg: this progressive 333x251 image needs more memory than limits.codec_bytes, 100000");
  EXPECT_ERROR(io::decode_image(jpeg, {.limits = {.jpeg_scans = 5}}), DecodeError,
               "the file has more scans than limits.jpeg_scans, 5");
  EXPECT_NO_THROW(io::decode_image(support::picture("jpeg_scans.jpg"), {.limits = {.jpeg_scans = 1000}}));
}

TEST(Limits, HoldAProgressiveJpegThatAsksForGigabytes) {
  const auto bytes = support::picture("jpeg_65500.jpg");  // coefficients of 24 GB, told by a file of less than 6 KB
  ASSERT_LT(bytes.size(), 6000u);
  const auto begin = std::clock();
  EXPECT_ERROR(io::decode_image(bytes, {.limits = {.pixels = int64_t{1} << 40, .image_bytes = int64_t{1} << 40}}), DecodeError,
               "needs more memory than limits.codec_bytes");
  EXPECT_LT(std::clock() - begin, CLOCKS_PER_SEC / 5);
}

TEST(Limits, SidesOfTwoToThe31DoNotWrapAround) {
  const Limits limits{.side = int64_t{1} << 40};
  EXPECT_ERROR(io::check_limits("f", {.height = int64_t{1} << 31, .width = int64_t{1} << 33, .channels = 3}, limits),
               DecodeError, "f: the image is 2147483648 high and 8589934592 wide, limits.pixels is 178956970");
}

TEST(DecodeImage, NamesWhatItCannotTell) {
  using namespace std::string_view_literals;
  EXPECT_ERROR(io::decode_image(io::Bytes()), DecodeError, "decode_image: there are no bytes");
  EXPECT_ERROR(io::decode_image(io::as_bytes("GIF88a\x01\0"sv)), DecodeError,
               "decode_image: the content is of no known format, it begins with 47 49 46 38 38 61 01 00 (GIF88a..); "
               "there are codecs for jpeg, png, gif, webp, avif, heic, tiff, bmp, pnm, pfm");
  EXPECT_ERROR(io::decode_jpeg(io::as_bytes("no JPEG"sv)), DecodeError, "decode_jpeg: Not a JPEG file");
  EXPECT_ERROR(io::decode_png(io::as_bytes("no PNG, but long enough"sv)), DecodeError, "decode_png: Not a PNG file");
  EXPECT_ERROR(io::decode_png(io::as_bytes("\x89PNG"sv)), DecodeError,
               "decode_png: the image is incomplete or truncated (4 bytes)");
}

TEST(DecodeImage, TakesBytesTensorsAndFiles) {
  const auto path = support::picture_path("photo.jpg");
  const auto expected = io::decode_image(path).data;
  const auto tensor = io::read_file(path);
  EXPECT_TENSOR_EQ(io::decode_image(tensor).data, expected);
  EXPECT_TENSOR_EQ(io::decode_jpeg(tensor).data, expected);
  EXPECT_TENSOR_EQ(io::decode_image(torch::stack({tensor, tensor}, 1).select(1, 0)).data, expected);
  EXPECT_TENSOR_EQ(io::decode_image(path.string()).data, expected);
  EXPECT_ERROR(io::decode_image(tensor.unsqueeze(0)), ValueError,
               "decode_image: the bytes must be a 1-D uint8 tensor on the CPU, got (1, ");
  EXPECT_ERROR(io::decode_png(tensor.to(torch::kFloat32)), ValueError, "Float on cpu");
  EXPECT_ERROR(io::decode_jpeg(torch::Tensor()), ValueError, "got an undefined tensor");
  EXPECT_ERROR(io::decode_image(torch::zeros({0}, torch::kUInt8)), DecodeError, "there are no bytes");
}

TEST(DecodeImage, NamesTheFile) {
  EXPECT_ERROR(io::decode_image(support::picture_path("jpeg_zero.jpg")), DecodeError, "jpeg_zero.jpg: decode_jpeg: ");
  EXPECT_ERROR(io::decode_image("/nowhere/a.jpg"), IoError, "cannot open /nowhere/a.jpg: No such file or directory");
  EXPECT_ERROR(io::decode_image("/"), IoError, "cannot read /: it is a folder");
}

TEST(Codecs, AreFoundByContent) {
  EXPECT_EQ(io::find_codec(support::picture("photo.jpg")).name, "jpeg");
  EXPECT_EQ(io::find_codec(support::picture("photo.png")).name, "png");
  EXPECT_EQ(io::codecs().size(), 10U);
}

}  // namespace
}  // namespace opsis
