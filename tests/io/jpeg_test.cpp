#include "opsis/io/jpeg.h"

#include <torch/torch.h>

#include <random>
#include <set>

#include "opsis/core/check.h"
#include "opsis/io/jpeg_fast.h"
#include "tests/io/pictures.h"
#include "tests/support/expect.h"
#include "tests/support/memory.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

// Both sides are libjpeg-turbo with its defaults, so not one level may differ.
TEST(DecodeJpeg, EveryKindInEveryModeEqualsTorchvision) {
  for (const auto& c : oracle::cases("io/jpeg")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const DecodeOptions options{.mode = support::read_mode(c.text("mode"))};
    if (c.boolean("refused")) {
      EXPECT_ERROR(io::decode_jpeg(bytes, options), ValueError, "decode_jpeg: mode must be UNCHANGED, GRAY or RGB");
    } else {
      EXPECT_TENSOR_EQ(io::decode_jpeg(bytes, options).data, c.tensor("expected"));
      EXPECT_TENSOR_EQ(io::decode_image(support::picture_path(c.text("file")), options).data, c.tensor("expected"));
    }
  }
}

/// What a decoder gave of a file.
struct Decoded {
  bool refused = false, quick = true;
  io::ImageInfo info;
  std::vector<uint8_t> pixels;
};

template <class Decode>
Decoded decoded(Decode decode, io::Bytes bytes, const DecodeOptions& options) {
  Decoded out;
  const auto memory = [&](const io::ImageInfo& info) {
    out.info = info;
    out.pixels.assign(static_cast<size_t>(info.height * info.width * info.channels), 0);
    return out.pixels.data();
  };
  try {
    if constexpr (std::is_same_v<decltype(decode(bytes, options, memory)), bool>) {
      out.quick = decode(bytes, options, memory);
    } else {
      decode(bytes, options, memory);
    }
  } catch (const Error&) {
    out.refused = true;
  }
  return out;
}

std::set<std::string> all_pictures() {
  std::set<std::string> names;
  for (const auto* table : {"io/jpeg", "io/jpeg_sampled"}) {
    for (const auto& c : oracle::cases(table)) names.insert(c.text("file"));
  }
  return names;
}

// The quick way gives what libjpeg gives, or nothing: whole, in parts, smaller, and of files that were changed.
TEST(DecodeJpeg, QuicklyGivesLibjpegsPixelsOrNone) {
  std::mt19937 generator(17);
  const auto below = [&](int64_t end) { return std::uniform_int_distribution<int64_t>(0, end - 1)(generator); };
  int quick = 0, of_changed = 0, refused = 0;
  for (const auto& name : all_pictures()) {
    SCOPED_TRACE(name);
    const auto original = support::picture(name);
    const auto size = decoded(io::jpeg::decode_by_libjpeg, original, {}).info;
    for (int round = 0; round < 120; ++round) {
      auto bytes = original;
      for (auto changes = round < 40 ? 0 : 1 + below(2); changes > 0; --changes)
        bytes[static_cast<size_t>(below(static_cast<int64_t>(bytes.size())))] ^= static_cast<uint8_t>(1 + below(255));
      DecodeOptions options{.mode = std::array{ImageReadMode::UNCHANGED, ImageReadMode::GRAY, ImageReadMode::RGB}[round % 3],
                            .limits = {.pixels = 1 << 20}};
      if (round % 2 == 1 && size.height > 0) {
        const auto top = below(size.height), left = below(size.width);
        options.region = io::Region{top, left, 1 + below(size.height - top), 1 + below(size.width - left)};
      }
      if (round % 4 > 1) options.min_size = 1 + below(8);
      const auto ours = decoded(io::jpeg::decode_fast, bytes, options);
      const auto skipping = decoded(io::jpeg::decode_fast_by_skipping, bytes, options);
      ASSERT_EQ(ours.quick, skipping.quick) << round;
      if (!ours.quick) continue;
      ASSERT_EQ(ours.refused, skipping.refused) << round;
      ASSERT_EQ(ours.pixels, skipping.pixels) << round;
      const auto libjpegs = decoded(io::jpeg::decode_by_libjpeg, bytes, options);
      ASSERT_EQ(ours.refused, libjpegs.refused) << round;
      ASSERT_EQ(ours.info.scale, libjpegs.info.scale) << round;
      ASSERT_EQ(ours.info.width, libjpegs.info.width) << round;
      ASSERT_EQ(ours.pixels, libjpegs.pixels) << round;
      ++(ours.refused ? refused : round < 40 ? quick : of_changed);
    }
  }
  EXPECT_GT(quick, 300);
  EXPECT_GT(of_changed, 300);
}

// A gray JPEG of 32 x 32 pixels whose first block ends with its last coefficient, and so does not say that it ends. Of its codes
// the shortest stands for sixteen zeros: what follows the block could be taken for more of it.
std::vector<uint8_t> picture_with_a_full_block() {
  std::string bits =
      "0"
      "000"
      "1101"
      "0"
      "000"
      "10";
  for (int block = 2; block < 16; ++block)
    bits += block % 3 == 0 ? "10"
                             "11010"
                             "10"
                           : "0"
                             "10";
  bits.append((8 - bits.size() % 8) % 8, '1');
  std::vector<uint8_t> out{0xFF, 0xD8};
  const auto put = [&](uint8_t marker, std::vector<uint8_t> content) {
    out.insert(out.end(), {0xFF, marker, 0, static_cast<uint8_t>(content.size() + 2)});
    out.insert(out.end(), content.begin(), content.end());
  };
  std::vector<uint8_t> quantization(65, 8);
  quantization[0] = 0;
  put(0xDB, quantization);
  put(0xC0, {8, 0, 32, 0, 32, 1, 1, 0x11, 0});
  put(0xC4, {0x00, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5});
  put(0xC4, {0x10, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0x00, 0xE1});
  put(0xDA, {1, 1, 0, 0, 63, 0});
  for (size_t i = 0; i < bits.size(); i += 8) {
    out.push_back(static_cast<uint8_t>(std::stoi(bits.substr(i, 8), nullptr, 2)));
    if (out.back() == 0xFF) out.push_back(0);
  }
  out.insert(out.end(), {0xFF, 0xD9});
  return out;
}

TEST(DecodeJpeg, ReadsPastABlockThatDoesNotSayThatItEnds) {
  const auto bytes = picture_with_a_full_block();
  for (const int64_t top : {0, 8, 24}) {
    const DecodeOptions options{.region = io::Region{top, 0, 8, 32}};
    const auto expected = decoded(io::jpeg::decode_by_libjpeg, bytes, options);
    ASSERT_FALSE(expected.refused);
    for (const auto decode : {io::jpeg::decode_fast, io::jpeg::decode_fast_by_skipping}) {
      const auto ours = decoded(decode, bytes, options);
      EXPECT_TRUE(ours.quick);
      EXPECT_EQ(ours.pixels, expected.pixels) << top;
    }
  }
}

// Where much of a picture is read past, several coefficients are at once.
TEST(DecodeJpeg, QuicklyReadsPastMuchOfALargePicture) {
  std::mt19937 generator(18);
  const auto below = [&](int64_t end) { return std::uniform_int_distribution<int64_t>(0, end - 1)(generator); };
  torch::manual_seed(0);
  constexpr int64_t kSide = 2080;  // 130 x 130 units of 16 x 16 pixels
  const auto rough = torch::rand({1, 3, 70, 70}) * 255;
  const auto options =
      torch::nn::functional::InterpolateFuncOptions().size(std::vector<int64_t>{kSide, kSide}).mode(torch::kNearest);
  const auto smooth = torch::nn::functional::interpolate(rough, options).squeeze(0) + torch::randn({3, kSide, kSide}) * 8;
  int changed = 0, refused = 0;
  for (const int quality : {30, 97}) {
    const auto file = io::encode_jpeg(smooth.clamp(0, 255).to(torch::kUInt8), quality);
    const auto original = std::vector<uint8_t>(file.const_data_ptr<uint8_t>(), file.const_data_ptr<uint8_t>() + file.numel());
    for (int round = 0; round < 12; ++round) {
      SCOPED_TRACE(testing::Message() << "quality " << quality << ", round " << round);
      auto bytes = original;
      if (round >= 4)
        bytes[static_cast<size_t>(below(static_cast<int64_t>(bytes.size())))] ^= static_cast<uint8_t>(1 + below(255));
      DecodeOptions wanted{.min_size = round % 2 == 0 ? kSide / 8 : 0};
      if (round % 2 == 1) wanted.region = io::Region{kSide - 40 - below(100), below(kSide - 50), 40, 50};
      const auto ours = decoded(io::jpeg::decode_fast, bytes, wanted);
      EXPECT_TRUE(ours.quick || round >= 4);
      if (!ours.quick) continue;
      const auto libjpegs = decoded(io::jpeg::decode_by_libjpeg, bytes, wanted);
      ASSERT_EQ(ours.refused, libjpegs.refused);
      ASSERT_EQ(ours.pixels, libjpegs.pixels);
      ++(ours.refused ? refused : changed);
    }
  }
  EXPECT_GT(changed, 8);
}

// The bytes of 2 million restarts would otherwise become a list of them, much larger than the file, before their number is seen
// to be wrong; and those of a picture over the limits are not looked at.
TEST(DecodeJpeg, TakesNoMemoryForRestartsThatThePictureHasNot) {
  auto bytes = support::picture("photo.jpg");
  bytes.resize(bytes.size() - 2);
  for (int i = 0; i < 2'000'000; ++i) bytes.insert(bytes.end(), {0xFF, static_cast<uint8_t>(0xD0 + i % 8)});
  bytes.insert(bytes.end(), {0xFF, 0xD9});
  if (!support::begin_peak_memory()) GTEST_SKIP() << "the system does not tell the peak of memory";
  const auto before = support::peak_memory();
  EXPECT_FALSE(decoded(io::jpeg::decode_fast, bytes, {}).quick);
  EXPECT_TRUE(decoded(io::jpeg::decode_fast, bytes, {.limits = {.pixels = 100}}).refused);
  EXPECT_LT(support::peak_memory() - before, static_cast<int64_t>(3 * bytes.size()));
}

// Else the speed would be lost in silence.
TEST(DecodeJpeg, GoesTheQuickWayForCommonFiles) {
  const auto quickly = [](const char* name, const DecodeOptions& options) {
    return decoded(io::jpeg::decode_fast, support::picture(name), options).quick;
  };
  for (const auto mode : {ImageReadMode::UNCHANGED, ImageReadMode::GRAY, ImageReadMode::RGB}) {
    EXPECT_TRUE(quickly("photo.jpg", {.mode = mode}));
  }
  EXPECT_TRUE(quickly("photo.jpg", {.region = io::Region{1, 2, 3, 4}}));
  EXPECT_TRUE(quickly("exif_jpg_6_little.jpg", {.apply_exif_orientation = true}));
  EXPECT_FALSE(quickly("photo.jpg", {.strict = true}));
}

TEST(DecodeJpeg, EverySamplingAndColorSpaceEqualsTorchvision) {
  int decoded = 0;
  for (const auto& c : oracle::cases("io/jpeg_sampled")) {
    SCOPED_TRACE(c.name());
    const auto bytes = support::picture(c.text("file"));
    const DecodeOptions options{.mode = support::read_mode(c.text("mode"))};
    if (c.boolean("refused")) {
      EXPECT_THROW(io::decode_jpeg(bytes, options), DecodeError);
    } else if (c.text("kind") == "progressive_cut" || c.text("kind") == "progressive_only_dc") {
      // What is lacking, libjpeg-turbo 2.1 guesses from the blocks around, and 3.1 from more of them.
      EXPECT_TENSOR_NEAR(io::decode_jpeg(bytes, options).data, c.tensor("expected"), 0, 8);
    } else {
      EXPECT_TENSOR_EQ(io::decode_jpeg(bytes, options).data, c.tensor("expected"));
      ++decoded;
    }
  }
  EXPECT_GT(decoded, 100);
}

TEST(DecodeJpeg, ChannelsAreLastInMemory) {
  const auto image = io::decode_jpeg(support::picture("photo.jpg"));
  EXPECT_EQ(image.data.sizes(), (std::vector<int64_t>{3, 375, 500}));
  EXPECT_EQ(image.data.strides(), (std::vector<int64_t>{1, 1500, 3}));
}

TEST(DecodeJpeg, WritesOnlyWhereTheCallerSays) {
  io::ImageInfo seen;
  std::vector<uint8_t> pixels;
  int calls = 0;
  io::jpeg::decode(support::picture("ycc420.jpg"), {.mode = ImageReadMode::GRAY}, [&](const io::ImageInfo& info) {
    seen = info;
    ++calls;
    pixels.assign(static_cast<size_t>(info.height * info.width * info.channels) + 16, 0xAB);
    return pixels.data();
  });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(seen.height, 37);
  EXPECT_EQ(seen.width, 50);
  EXPECT_EQ(seen.channels, 1);
  EXPECT_EQ(seen.bits, 8);
  EXPECT_EQ(std::count(pixels.end() - 16, pixels.end(), 0xAB), 16);
}

// An exception of the caller's passes through the codec, and nothing leaks (the asan preset would say so).
TEST(DecodeJpeg, LetsTheDestinationThrow) {
  const auto refuse = [](const io::ImageInfo&) -> void* { raise<IoError>("no room"); };
  EXPECT_ERROR(io::jpeg::decode(support::picture("progressive.jpg"), {}, refuse), IoError, "no room");
}

TEST(EncodeJpeg, BytesEqualTorchvision) {
  for (const auto& c : oracle::cases("io/encode_jpeg")) {
    SCOPED_TRACE(c.name());
    const Image image(c.tensor("image"));
    EXPECT_TENSOR_EQ(io::encode_jpeg(image, c.integer("quality")), c.tensor("expected"));
    // The same picture with its channels last in memory, and as a part of a larger one.
    const Image last(image.data.permute({1, 2, 0}).contiguous().permute({2, 0, 1}));
    EXPECT_TENSOR_EQ(io::encode_jpeg(last, c.integer("quality")), c.tensor("expected"));
    const auto padded = torch::constant_pad_nd(image.data, {2, 3, 1, 4});
    const Image part(padded.narrow(1, 1, image.data.size(1)).narrow(2, 2, image.data.size(2)));
    EXPECT_TENSOR_EQ(io::encode_jpeg(part, c.integer("quality")), c.tensor("expected"));
  }
}

TEST(EncodeJpeg, RefusesWhatJpegCannotHold) {
  const auto image = [](std::vector<int64_t> shape) { return Image(torch::zeros(shape, torch::kUInt8)); };
  EXPECT_ERROR(io::encode_jpeg(image({4, 8, 8})), ValueError,
               "encode_jpeg: the image must be (1, H, W) or (3, H, W), got (4, 8, 8)");
  EXPECT_ERROR(io::encode_jpeg(image({2, 3, 8, 8})), ValueError, "got (2, 3, 8, 8)");
  EXPECT_ERROR(io::encode_jpeg(Image()), ValueError, "got an undefined tensor");
  EXPECT_ERROR(io::encode_jpeg(Image(torch::zeros({3, 8, 8}))), ValueError, "encode_jpeg: the image must be uint8, got Float");
  EXPECT_ERROR(io::encode_jpeg(image({3, 8, 8}), 0), ValueError, "encode_jpeg: quality must be in [1, 100], got 0");
  EXPECT_ERROR(io::encode_jpeg(image({3, 8, 8}), 101), ValueError, "got 101");
  EXPECT_ERROR(io::encode_jpeg(image({3, 0, 8})), ValueError, "(the image is 0 high and 8 wide)");
  EXPECT_ERROR(io::encode_jpeg(image({1, 1, 65501})), ValueError, "a JPEG has at most 65500 pixels a side");
}

TEST(WriteJpeg, CanBeReadBack) {
  const support::TemporaryFolder folder;
  const auto image = io::decode_image(support::picture("photo.jpg"));
  io::write_jpeg(image, folder.path() / "a.jpg", 90);
  EXPECT_TENSOR_EQ(io::read_file(folder.path() / "a.jpg"), io::encode_jpeg(image, 90));
}

}  // namespace
}  // namespace opsis
