#include "opsis/io/png.h"

#include <torch/torch.h>

#include <random>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/io/crc32.h"
#include "opsis/io/png_fast.h"
#include "opsis/io/read_write.h"
#include "tests/io/pictures.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using namespace std::string_view_literals;

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
    EXPECT_TENSOR_EQ(io::read_image(support::picture_path(c.text("file")), options).data, c.tensor("expected"));
  }
}

struct Outcome {
  bool refused = false;
  int bits = 0;
  std::vector<uint8_t> pixels;
};

template <class Decode>
Outcome outcome_of(Decode decode, io::Bytes bytes, const DecodeOptions& options) {
  Outcome out;
  try {
    decode(bytes, options, [&](const io::ImageInfo& info) -> void* {
      out.bits = info.bits;
      out.pixels.resize(static_cast<size_t>(info.height * info.width * info.channels * (info.bits / 8)));
      return out.pixels.data();
    });
  } catch (const DecodeError&) {
    out.refused = true;
  }
  return out;
}

/// Gives each chunk the checksum of what it holds now.
void mend_checksums(std::vector<uint8_t>& bytes) {
  for (size_t at = 8; at + 12 <= bytes.size();) {
    const size_t length = size_t{bytes[at]} << 24 | size_t{bytes[at + 1]} << 16 | size_t{bytes[at + 2]} << 8 | bytes[at + 3];
    if (length > bytes.size() - at - 12) return;
    const auto sum = io::crc32(io::Bytes(bytes).subspan(at + 4, length + 4));
    for (size_t i = 0; i < 4; ++i) bytes[at + 8 + length + i] = static_cast<uint8_t>(sum >> (24 - 8 * i));
    at += length + 12;
  }
}

const char* const quick_pictures[] = {"gray8_filtered.png",       "gray_alpha8_filtered.png",          "rgb8_filtered.png",
                                      "rgb_alpha16_filtered.png", "palette8_filtered_transparent.png", "rgb8_filter_4.png",
                                      "rgb8_with_text.png"};

// Each file of PngSuite: whichever way it goes, it comes out as by libpng, and as torchvision has it.
TEST(DecodePng, EveryFileOfPngSuiteEqualsLibpngsAndTorchvisions) {
  const std::filesystem::path suite = std::string(std::getenv("OPSIS_SOURCE_DIR")) + "/tests/io/pngsuite";
  int compared = 0;
  for (const auto& c : oracle::cases("io_pictures/pngsuite")) {
    SCOPED_TRACE(c.name());
    const auto bytes = io::read_bytes(suite / c.text("file"));
    const DecodeOptions options{.mode = support::read_mode(c.text("mode"))};
    if (c.boolean("broken")) {
      EXPECT_TRUE(c.boolean("refused"));
      EXPECT_ERROR(io::decode_png(bytes, options), DecodeError, "decode_png: ");
      continue;
    }
    const auto ours = outcome_of(io::png::decode, bytes, options);
    const auto libpngs = outcome_of(io::png::decode_by_libpng, bytes, options);
    ASSERT_FALSE(ours.refused);
    EXPECT_EQ(ours.bits, libpngs.bits);
    EXPECT_EQ(ours.pixels, libpngs.pixels);
    ++compared;
    if (c.boolean("unwritten")) continue;
    EXPECT_TENSOR_EQ(io::decode_png(bytes, options).data, c.tensor("expected"));
  }
  EXPECT_GT(compared, 700);
}

// Whatever the file says of its colors, and whichever libpng there is.
TEST(DecodePng, MakesTorchvisionsGray) {
  for (const auto& c : oracle::cases("io_pictures/gray")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    EXPECT_TENSOR_EQ(io::decode_png(bytes, {.mode = support::read_mode(c.text("mode"))}).data, c.tensor("expected"));
  }
  const auto broken = support::picture("gray_broken_profile_and_gamma_8.png");
  EXPECT_ERROR(io::decode_png(broken, {.strict = true}), DecodeError, "decode_png: iCCP: ");
  const auto sound = support::picture("gray_sRGB_8.png");
  for (const auto mode : {ImageReadMode::GRAY, ImageReadMode::RGB}) {
    EXPECT_TENSOR_EQ(io::decode_png(sound, {.mode = mode, .strict = true}).data, io::decode_png(sound, {.mode = mode}).data);
  }
}

// The quick way gives what libpng gives, or nothing: also for files that were changed and have the right checksums again.
TEST(DecodePng, GivesLibpngsVerdictOnChangedFiles) {
  std::mt19937 generator(11);
  int accepted = 0;
  for (const auto* name : quick_pictures) {
    SCOPED_TRACE(name);
    const auto original = support::picture(name);
    for (int round = 0; round < 1000; ++round) {
      auto bytes = original;
      for (unsigned changes = 1 + generator() % 3; changes > 0; --changes) {
        const size_t place = generator() % bytes.size();
        switch (generator() % 4) {
          case 0: bytes[place] = static_cast<uint8_t>(generator()); break;
          case 1: bytes[place] ^= static_cast<uint8_t>(1U << generator() % 8); break;
          case 2: bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(place)); break;
          default: bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(place), static_cast<uint8_t>(generator()));
        }
      }
      if (generator() % 4 != 0) mend_checksums(bytes);
      const DecodeOptions options{.mode = generator() % 2 != 0 ? ImageReadMode::UNCHANGED : ImageReadMode::RGB_ALPHA,
                                  .limits = {.pixels = 1 << 20}};
      const auto ours = outcome_of(io::png::decode, bytes, options);
      const auto libpngs = outcome_of(io::png::decode_by_libpng, bytes, options);
      ASSERT_EQ(ours.refused, libpngs.refused) << round;
      if (ours.refused) continue;
      ASSERT_EQ(ours.pixels, libpngs.pixels) << round;
      ASSERT_EQ(ours.bits, libpngs.bits) << round;
      ++accepted;
    }
  }
  EXPECT_GT(accepted, 70);
}

// Else the speed would be lost in silence. Where libdeflate is left out, this is not so.
TEST(DecodePng, GoesTheQuickWayForCommonFiles) {
  const auto quickly = [](const char* name, const DecodeOptions& options) {
    std::vector<uint8_t> pixels(1 << 20);
    return io::png::decode_fast(support::picture(name), options, [&](const io::ImageInfo&) { return pixels.data(); });
  };
  if (!quickly("photo.png", {})) GTEST_SKIP() << "built with -DOPSIS_DEFLATE=OFF";
  for (const auto* name : quick_pictures) {
    for (const auto mode : {ImageReadMode::UNCHANGED, ImageReadMode::RGB, ImageReadMode::RGB_ALPHA}) {
      EXPECT_TRUE(quickly(name, {.mode = mode})) << name;
    }
  }
  EXPECT_TRUE(quickly("photo.png", {.region = io::Region{1, 2, 3, 4}}));
  EXPECT_TRUE(quickly("exif_png_6_big.png", {.apply_exif_orientation = true}));
  EXPECT_FALSE(quickly("photo.png", {.strict = true}));
  EXPECT_FALSE(quickly("photo.png", {.mode = ImageReadMode::GRAY}));
  EXPECT_FALSE(quickly("rgb8_interlaced.png", {}));
  EXPECT_FALSE(quickly("gray4.png", {}));
}

TEST(DecodePng, LooksBehindThePixelsWhenStrict) {
  auto bytes = support::picture("photo.png");
  EXPECT_EQ(io::decode_png(bytes, {.strict = true}).data.size(0), 3);
  constexpr auto gamma = "\0\0\0\4gAMA\0\0\xb1\x8f    "sv;  // out of place there
  bytes.insert(bytes.end() - 12, gamma.begin(), gamma.end());
  mend_checksums(bytes);
  EXPECT_EQ(io::decode_png(bytes).data.size(0), 3);
  EXPECT_ERROR(io::decode_png(bytes, {.strict = true}), DecodeError, "gAMA: out of place");
}

// libdeflate takes the code, of which zlib says that it has too many distances.
TEST(DecodePng, TakesCodesThatZlibRefusesUnlessStrict) {
  for (const auto& c : oracle::cases("io/png_codes")) {
    const auto bytes = support::picture(c.text("file"));
    EXPECT_TRUE(c.boolean("refused"));
    EXPECT_TENSOR_EQ(io::decode_png(bytes).data, torch::zeros({1, 8, 8}, torch::kUInt8));
    EXPECT_ERROR(io::decode_png(bytes, {.strict = true}), DecodeError, "too many length or distance symbols");
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

// The bytes depend on the zlib of either side, and those that libpng makes here and there are alike; the pixels are always.
TEST(EncodePng, BytesEqualTorchvisionAndPixelsSurviveEveryLevel) {
  for (const auto& c : oracle::cases("io/encode_png")) {
    SCOPED_TRACE(c.name());
    const Image image(c.tensor("image"));
    const auto bytes = io::encode_png(image, c.integer("level"));
    EXPECT_TENSOR_EQ(bytes, c.tensor("bytes"));
    EXPECT_TENSOR_EQ(io::decode_png(io::encode_png(image, c.integer("level"), {.quick = true})).data, image.data);
    EXPECT_TENSOR_EQ(io::decode_png(bytes).data, c.tensor("expected"));
    EXPECT_TENSOR_EQ(c.tensor("expected"), image.data);
    const Image flipped(image.data.flip(-1).flip(-1).transpose(1, 2).contiguous().transpose(1, 2));
    EXPECT_TENSOR_EQ(io::encode_png(flipped, c.integer("level")), bytes);
  }
}

// There is less to find in a photo than in shades that come again: of noise a low level can quickly make the smallest file there
// is.
TEST(EncodePng, HigherLevelsAreSmaller) {
  const auto image = io::decode_image(support::picture("photo.png"));
  EXPECT_GT(io::encode_png(image, 0).numel(), image.data.numel());
  EXPECT_LT(io::encode_png(image, 9).numel(), io::encode_png(image, 1).numel());
  EXPECT_LE(io::encode_png(image, 9, {.quick = true}).numel(), io::encode_png(image, 1, {.quick = true}).numel());
  const auto x = torch::arange(320).unsqueeze(0), y = torch::arange(240).unsqueeze(1);
  const Image shades(
      torch::stack({(x * y).floor_divide(64), (x * x).floor_divide(256) + y, (x + y).floor_divide(3)}).to(torch::kUInt8));
  for (const bool quick : {false, true}) {
    const auto length = [&](int64_t level) { return io::encode_png(shades, level, {.quick = quick}).numel(); };
    EXPECT_LT(length(9), length(6));
    EXPECT_LT(length(6), length(1));
  }
}

/// Interleaved colors that wander by up to `step` from pixel to pixel, and now and then stay for a while.
std::vector<uint8_t> wandering(Size size, int64_t channels, unsigned step, bool rests) {
  std::mt19937 generator(step);
  std::vector<uint8_t> out(static_cast<size_t>(size.height * size.width * channels));
  const auto pixel = static_cast<size_t>(channels), row = static_cast<size_t>(size.width) * pixel;
  for (size_t i = 0; i < out.size(); ++i) {
    const int left = i % row >= pixel ? out[i - pixel] : 128, above = i >= row ? out[i - row] : 128;
    const bool resting = rests && i / row / 8 % 2 == 1;
    out[i] = static_cast<uint8_t>(resting ? above : (left + above) / 2 + static_cast<int>(generator() % (2 * step + 1) - step));
  }
  return out;
}

// Read by libpng with every warning an error, which looks at the checksums of the stream too.
TEST(EncodePng, GoesTheQuickWayToWhatLibpngReads) {
  if (!io::png::encode_fast(std::vector<uint8_t>{1}.data(), {1, 1}, 1, 6)) GTEST_SKIP() << "built with -DOPSIS_DEFLATE=OFF";
  for (const auto& size : {Size{1, 1}, Size{1, 300}, Size{300, 1}, Size{37, 53}, Size{200, 317}}) {
    for (const int64_t channels : {1, 3}) {
      for (const unsigned step : {0, 1, 3, 12, 127}) {
        for (const bool rests : {false, true}) {
          const auto pixels = wandering(size, channels, step, rests);
          for (int64_t level = 0; level <= 9; ++level) {
            SCOPED_TRACE(testing::Message() << size.height << " x " << size.width << ", step " << step << ", level " << level);
            const auto bytes = io::png::encode_fast(pixels.data(), size, channels, level);
            ASSERT_TRUE(bytes);
            const auto got = outcome_of(io::png::decode_by_libpng, *bytes, {.strict = true});
            ASSERT_EQ(got.pixels, pixels);
          }
        }
      }
    }
  }
}

TEST(EncodePng, IsAtMostALittleLargerQuicklyThanByLibpng) {
  const auto check = [](const std::vector<uint8_t>& pixels, Size size, int64_t channels) {
    const auto ours = io::png::encode_quickly(pixels.data(), size, channels, 6);
    const auto libpngs = io::png::encode(pixels.data(), size, channels, 6);
    EXPECT_LE(static_cast<double>(ours.size()), 1.02 * static_cast<double>(libpngs.size()) + 16);
  };
  for (const int64_t channels : {1, 3}) {
    for (const unsigned step : {0, 1, 3, 12, 127}) {
      for (const bool rests : {false, true}) {
        SCOPED_TRACE(testing::Message() << "step " << step << (rests ? " with rests" : ""));
        const Size size{200, 317};
        check(wandering(size, channels, step, rests), size, channels);
      }
    }
  }
  for (const int64_t side : {1, 2, 5, 10, 40}) {
    SCOPED_TRACE(side);
    check(wandering({side, side}, 3, 3, true), {side, side}, 3);
  }
  for (const auto* name : {"photo.png", "photo.jpg"}) {
    SCOPED_TRACE(name);
    const auto image = io::decode_image(support::picture(name)).data.permute({1, 2, 0}).contiguous();
    const auto* const data = image.const_data_ptr<uint8_t>();
    check({data, data + image.numel()}, {image.size(0), image.size(1)}, image.size(2));
  }
}

TEST(EncodePng, LeavesToLibpngWhatIsTooLarge) {
  const uint8_t pixel = 0;
  EXPECT_FALSE(io::png::encode_fast(&pixel, {8, 0}, 3, 6));
  EXPECT_FALSE(io::png::encode_fast(&pixel, {0, 8}, 3, 6));
  EXPECT_FALSE(io::png::encode_fast(&pixel, {1, 0x7FFFFFFF}, 3, 6));
  EXPECT_FALSE(io::png::encode_fast(&pixel, {0x7FFFFFFF, 1}, 3, 6));
  EXPECT_FALSE(io::png::encode_fast(&pixel, {0x7FFFFFFF, 0x7FFFFFFF}, 3, 6));
  EXPECT_FALSE(io::png::encode_fast(&pixel, {32768, 32768}, 1, 6));
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

// As torchvision's, whose images are tensors; a gray one without a channel is refused by it too.
TEST(EncodeAnyFormat, TakesABareTensor) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "a";
  const auto image = io::decode_image(support::picture("photo.png"));
  const auto& tensor = image.data;
  EXPECT_TENSOR_EQ(io::encode_jpeg(tensor, 90), io::encode_jpeg(image, 90));
  EXPECT_TENSOR_EQ(io::encode_png(tensor), io::encode_png(image));
  EXPECT_TENSOR_EQ(io::encode_gif(tensor, {.delay_ms = 50}), io::encode_gif(image, {.delay_ms = 50}));
  EXPECT_TENSOR_EQ(io::encode_webp(tensor, {.lossless = true}), io::encode_webp(image, {.lossless = true}));
  EXPECT_TENSOR_EQ(io::encode_avif(tensor, {.speed = 10}), io::encode_avif(image, {.speed = 10}));
  EXPECT_TENSOR_EQ(io::encode_tiff(tensor), io::encode_tiff(image));
  io::write_jpeg(tensor, file, 90);
  EXPECT_TENSOR_EQ(io::read_file(file), io::encode_jpeg(image, 90));
  io::write_tiff(tensor, file);
  EXPECT_TENSOR_EQ(io::read_image(file).data, tensor);
  EXPECT_ERROR(io::encode_png(torch::zeros({8, 8}, torch::kUInt8)), ValueError,
               "encode_png: the image must be (1, H, W) or (3, H, W), got (8, 8)");
}

}  // namespace
}  // namespace opsis
