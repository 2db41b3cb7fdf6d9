// Parts and smaller versions of pictures, and codecs without patience.
#include <torch/torch.h>

#include <random>
#include <set>

#include "opsis/core/check.h"
#include "opsis/io/codecs.h"
#include "tests/io/pictures.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using io::Region;

/// The pictures of a table of the oracle that torchvision decodes in this mode, each once.
std::set<std::string> pictures_of(const std::string& table, std::string_view mode) {
  std::set<std::string> names;
  for (const auto& c : oracle::cases(table)) {
    if (c.text("mode") == mode && !c.boolean("refused")) names.insert(c.text("file"));
  }
  return names;
}

/// Regions of a picture: the corners, the whole, single pixels, thin ones, and drawn ones.
std::vector<Region> regions_of(int64_t height, int64_t width, size_t drawn, std::mt19937& generator) {
  std::vector<Region> out{{0, 0, height, width},         {0, 0, 1, 1},
                          {height - 1, width - 1, 1, 1}, {height / 2, width / 2, 1, 1},
                          {height / 3, 0, 1, width},     {0, width / 3, height, 1},
                          {height - 1, 0, 1, width},     {height / 2, 0, height - height / 2, width}};
  const auto below = [&](int64_t end) { return std::uniform_int_distribution<int64_t>(0, end - 1)(generator); };
  while (drawn-- > 0) {
    const auto top = below(height), left = below(width);
    out.push_back({top, left, 1 + below(height - top), 1 + below(width - left)});
  }
  return out;
}

torch::Tensor crop(const torch::Tensor& image, const Region& region) {
  return image.narrow(-2, region.top, region.height).narrow(-1, region.left, region.width);
}

std::string told(const Region& r) { return text("region {}, {}, {}, {}", r.top, r.left, r.height, r.width); }

void expect_regions_are_crops(const std::string& table, std::string_view mode, size_t drawn) {
  std::mt19937 generator(5);
  for (const auto& name : pictures_of(table, mode)) {
    SCOPED_TRACE(name);
    const auto bytes = support::picture(name);
    DecodeOptions options{.mode = support::read_mode(mode)};
    const auto whole = io::decode_image(bytes, options).data;
    for (const auto& region : regions_of(whole.size(1), whole.size(2), drawn, generator)) {
      SCOPED_TRACE(told(region));
      for (const bool strict : {false, true}) {
        if (strict && (name.find("interleaved_") == 0 || name.find("unknown") != std::string::npos ||
                       name.find("_cut") != std::string::npos))
          continue;  // they warn
        options.region = region;
        options.strict = strict;
        const auto part = io::decode_scaled(bytes, options);
        EXPECT_TRUE(part.image.data.equal(crop(whole, region)));
        EXPECT_TRUE(part.image.data.permute({1, 2, 0}).is_contiguous());
        EXPECT_EQ(part.top, region.top);
        EXPECT_EQ(part.left, region.left);
        EXPECT_EQ(part.scale_x, 1);
      }
    }
  }
}

TEST(DecodeRegion, OfAJpegIsTheCropOfTheWhole) {
  for (const auto* mode : {"UNCHANGED", "GRAY", "RGB"}) expect_regions_are_crops("io/jpeg", mode, 12);
}

TEST(DecodeRegion, OfAJpegOfAnySamplingIsTheCropOfTheWhole) {
  for (const auto* mode : {"UNCHANGED", "GRAY", "RGB"}) expect_regions_are_crops("io/jpeg_sampled", mode, 12);
}

TEST(DecodeRegion, OfAPngIsTheCropOfTheWhole) {
  for (const auto* mode : {"UNCHANGED", "GRAY", "GRAY_ALPHA", "RGB", "RGB_ALPHA"}) expect_regions_are_crops("io/png", mode, 4);
}

TEST(DecodeRegion, CountsInTheUprightPicture) {
  std::mt19937 generator(6);
  for (const auto* format : {"jpg", "png", "png16"}) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const auto name = text("exif_{}_{}_little.{}", format, orientation, std::string(format).substr(0, 3));
      SCOPED_TRACE(name);
      const auto bytes = support::picture(name);
      const auto whole = io::decode_image(bytes, {.apply_exif_orientation = true}).data;
      for (const auto& region : regions_of(whole.size(1), whole.size(2), 10, generator)) {
        SCOPED_TRACE(told(region));
        const auto part = io::decode_scaled(bytes, {.apply_exif_orientation = true, .region = region});
        EXPECT_TENSOR_EQ(part.image.data, crop(whole, region));
        EXPECT_EQ(part.top, region.top);
        EXPECT_EQ(part.left, region.left);
      }
    }
  }
}

// Of the formats whose codecs decode all and leave the cropping to decode_image.
TEST(DecodeRegion, OfOtherFormatsIsTheCropOfTheWhole) {
  std::mt19937 generator(7);
  std::vector<std::string> files{"animation.gif", "photo.gif",      "lossy_alpha.webp", "alpha.avif",
                                 "420.avif",      "photo_8_4.heic", "photo_10_3.heic",  "32_alpha.bmp",
                                 "runs8.bmp",     "kind6_255.pnm",  "kind7_65535.pnm",  "3_little.pfm",
                                 "jpeg.tif",      "gray16.tif",     "pages.tif",        "numbers_f8_7_tiles.tif"};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    files.push_back(text("exif_{}.avif", orientation));
    files.push_back(text("exif_{}_True.webp", orientation));
    files.push_back(text("exif_{}.tif", orientation));
  }
  for (const auto& name : files) {
    SCOPED_TRACE(name);
    const auto bytes = support::picture(name);
    DecodeOptions options{.apply_exif_orientation = true, .heic = true};
    const auto whole = io::decode_image(bytes, options).data;
    for (const auto& region : regions_of(whole.size(-2), whole.size(-1), 6, generator)) {
      SCOPED_TRACE(told(region));
      options.region = region;
      const auto part = io::decode_scaled(bytes, options);
      EXPECT_TENSOR_EQ(part.image.data, crop(whole, region));
      EXPECT_TRUE(part.image.data.movedim(-3, -1).is_contiguous());
      EXPECT_EQ(part.top, region.top);
      EXPECT_EQ(part.left, region.left);
    }
    options.region = Region{0, 0, whole.size(-2) + 1, 1};
    EXPECT_ERROR(io::decode_image(bytes, options), ValueError, "the region must have a pixel and lie within the picture");
  }
}

TEST(DecodeRegion, RefusesWhatIsNotInThePicture) {
  for (const auto* name : {"photo.jpg", "photo.png", "palette4_interlaced.png"}) {
    const auto bytes = support::picture(name);
    const auto whole = io::decode_image(bytes).data;
    const auto height = whole.size(1), width = whole.size(2);
    for (const Region& region : {Region{0, 0, height + 1, 1}, Region{0, 0, 1, width + 1}, Region{-1, 0, 1, 1},
                                 Region{0, -1, 1, 1}, Region{0, 0, 0, 1}, Region{0, 0, 1, 0}, Region{height, 0, 1, 1},
                                 Region{0, width, 1, 1}, Region{INT64_MAX, 0, INT64_MAX, 1}, Region{0, 0, 1, -1}}) {
      SCOPED_TRACE(told(region));
      EXPECT_ERROR(io::decode_image(bytes, {.region = region}), ValueError,
                   "the region must have a pixel and lie within the picture");
    }
  }
}

// All that the region needs is there; that the rest is not, strict sees.
TEST(DecodeRegion, StopsBehindItUnlessStrict) {
  for (const auto* name : {"photo.jpg", "photo.png"}) {
    const auto bytes = support::picture(name);
    const auto cut = io::Bytes(bytes).first(bytes.size() * 3 / 4);
    const Region region{10, 20, 30, 40};
    EXPECT_TENSOR_EQ(io::decode_image(cut, {.region = region}).data, crop(io::decode_image(bytes).data, region));
    EXPECT_ERROR(io::decode_image(cut, {.region = region, .strict = true}), DecodeError, "incomplete or truncated");
    EXPECT_ERROR(io::decode_image(cut), DecodeError, "incomplete or truncated");
  }
}

TEST(DecodeScaled, IsAsSmallAsMinSizeAllows) {
  const auto bytes = support::picture("photo.jpg");  // 375 high, 500 wide
  struct Expected {
    int64_t min_size, height, width;
    double scale;
  };
  for (const auto& [min_size, height, width, scale] :
       {Expected{0, 375, 500, 1}, Expected{375, 375, 500, 1}, Expected{189, 375, 500, 1}, Expected{188, 188, 250, 0.5},
        Expected{95, 188, 250, 0.5}, Expected{94, 94, 125, 0.25}, Expected{47, 47, 63, 0.125}, Expected{1, 47, 63, 0.125},
        Expected{10'000, 375, 500, 1}}) {
    SCOPED_TRACE(min_size);
    const auto [image, scale_y, scale_x, top, left] = io::decode_scaled(bytes, {.min_size = min_size});
    EXPECT_EQ(image.data.sizes(), (std::vector<int64_t>{3, height, width}));
    EXPECT_EQ(scale_y, scale);
    EXPECT_EQ(scale_x, scale);
    EXPECT_EQ(top, 0);
    EXPECT_EQ(left, 0);
  }
  EXPECT_ERROR(io::decode_image(bytes, {.min_size = -1}), ValueError, "decode_jpeg: min_size must be 0 or more, got -1");
  EXPECT_EQ(io::decode_scaled(support::picture("photo.png"), {.min_size = 8}).scale_y, 1);
}

// A block of 8x8 pixels becomes about their mean.
TEST(DecodeScaled, ShowsTheSamePicture) {
  const auto bytes = support::picture("photo.jpg");
  const auto whole = io::decode_image(bytes).data.to(torch::kFloat32);
  for (const int64_t scale : {2, 4, 8}) {
    const auto small = io::decode_image(bytes, {.min_size = 375 / scale}).data.to(torch::kFloat32);
    const auto means = torch::avg_pool2d(whole, scale, scale);
    const auto difference = (small.narrow(1, 0, means.size(1)).narrow(2, 0, means.size(2)) - means).abs();
    EXPECT_LT(difference.mean().item<double>(), 4) << scale;
  }
}

TEST(DecodeScaled, RegionsAreCropsOfTheScaledPictureThatCoverThem) {
  std::mt19937 generator(7);
  for (const auto* table : {"io/jpeg", "io/jpeg_sampled"}) {
    for (const auto& name : pictures_of(table, "RGB")) {
      SCOPED_TRACE(name);
      const auto bytes = support::picture(name);
      const auto whole = io::decode_image(bytes).data;
      for (const auto& region : regions_of(whole.size(1), whole.size(2), 12, generator)) {
        SCOPED_TRACE(told(region));
        const auto shorter = std::min(region.height, region.width);
        for (const int64_t scale : {2, 4, 8}) {
          if ((shorter + scale - 1) / scale < 2) continue;
          const auto part = io::decode_scaled(
              bytes, {.mode = ImageReadMode::RGB, .region = region, .min_size = (shorter + scale - 1) / scale});
          ASSERT_EQ(part.scale_y, 1.0 / static_cast<double>(scale));
          const auto all = io::decode_scaled(
              bytes, {.mode = ImageReadMode::RGB, .min_size = (std::min(whole.size(1), whole.size(2)) + scale - 1) / scale});
          ASSERT_EQ(all.scale_y, part.scale_y);
          const auto covering = io::scaled_region(region, static_cast<int>(scale));
          EXPECT_TRUE(part.image.data.equal(crop(all.image.data, covering)));
          EXPECT_EQ(part.top, covering.top * scale);
          EXPECT_LE(part.top, region.top);
          EXPECT_GE(covering.height * scale + covering.top * scale, region.top + region.height);
        }
      }
    }
  }
}

// Where a pixel of the whole lies in the part, also when both are turned: its color is there.
TEST(DecodeScaled, TellsWhereThingsAreAfterTurning) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto stored = io::upright_region({3, 5, 4, 2}, orientation, {11, 17});
    const auto back = io::stored_region(stored, orientation, {11, 17});
    EXPECT_EQ(back.top, 3);
    EXPECT_EQ(back.left, 5);
    EXPECT_EQ(back.height, 4);
    EXPECT_EQ(back.width, 2);
    const auto bytes = support::picture(text("exif_jpg_{}_little.jpg", orientation));
    const auto whole = io::decode_scaled(bytes, {.apply_exif_orientation = true, .min_size = 6});  // 11x17 at 1/2: 6x9
    EXPECT_EQ(whole.scale_y, 0.5);
    const bool from_below = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    const bool from_right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    EXPECT_EQ(whole.top, from_below ? -1 : 0) << orientation;
    EXPECT_EQ(whole.left, from_right ? -1 : 0) << orientation;
  }
}

TEST(Strict, MakesWarningsErrors) {
  const auto jpeg = support::picture("photo.jpg");
  EXPECT_TENSOR_EQ(io::decode_image(jpeg, {.strict = true}).data, io::decode_image(jpeg).data);
  auto damaged = jpeg;
  damaged.insert(damaged.end() - 2, {0x12, 0x34});  // before the end marker: "extraneous bytes"
  EXPECT_NO_THROW(io::decode_image(damaged));
  EXPECT_ERROR(io::decode_image(damaged, {.strict = true}), DecodeError, "decode_jpeg: Corrupt JPEG data: ");
  EXPECT_ERROR(io::decode_image(damaged, {.region = Region{0, 0, 1, 1}, .strict = true}), DecodeError, "Corrupt JPEG data: ");

  const auto png = support::picture("rgb8_with_gamma.png");
  EXPECT_TENSOR_EQ(io::decode_image(png, {.strict = true}).data, io::decode_image(png).data);
  auto wrong_checksum = png;
  wrong_checksum[8 + 25 + 12 + 3] ^= 1;  // of gAMA: libpng only warns
  EXPECT_NO_THROW(io::decode_image(wrong_checksum));
  EXPECT_ERROR(io::decode_image(wrong_checksum, {.strict = true}), DecodeError, "decode_png: gAMA: CRC error");
  const auto no_end = io::Bytes(png).first(png.size() - 12);
  EXPECT_NO_THROW(io::decode_image(no_end));
  EXPECT_ERROR(io::decode_image(no_end, {.strict = true}), DecodeError, "truncated");
}

}  // namespace
}  // namespace opsis
