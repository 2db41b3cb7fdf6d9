// Mirroring, padding, cutting, and keeping boxes and key points in order, against torchvision.
#include "opsis/core/parallel.h"
#include "opsis/simd/mirror.h"
#include "opsis/transforms.h"
#include "tests/simd/every_target.h"
#include "tests/support/expect.h"
#include "tests/support/transform_operations.h"

namespace opsis {
namespace {

namespace functional = transforms::functional;
using transforms::Fill;
using transforms::PaddingMode;

constexpr Size sizes_canvas{33, 47};

TEST(Flip, MirrorsEveryTypeAndLayout) {
  for (const auto& c : oracle::cases("transforms_sizes/flip")) {
    SCOPED_TRACE(c.name());
    const auto image = operations::laid_out(c.tensor("input"), c.text("layout"));
    EXPECT_TENSOR_EQ(c.text("op") == "vertical_flip" ? functional::vflip(image) : functional::hflip(image),
                     c.tensor("expected"));
  }
}

TEST(Flip, KeepsChannelsLast) {
  const auto image = torch::randint(256, {2, 3, 9, 11}, torch::kUInt8).contiguous(torch::MemoryFormat::ChannelsLast);
  EXPECT_TRUE(functional::horizontal_flip(image).is_contiguous(torch::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(functional::vertical_flip(image).is_contiguous(torch::MemoryFormat::ChannelsLast));
}

TEST(Flip, IsSeenByAutograd) {
  const auto image = torch::rand({3, 4, 5}).requires_grad_();
  functional::horizontal_flip(image).sum().backward();
  EXPECT_TENSOR_EQ(image.grad(), torch::ones({3, 4, 5}));
}

// No byte beyond the row is read or written: the rows are exactly as long as they must be (a sanitizer would tell), and what stands
// behind the result stays.
TEST(MirrorRows, EqualReversedCopiesOnEveryTarget) {
  support::on_every_target([] {
    for (const int64_t bytes : {1, 2, 3, 4, 6, 8, 12}) {
      for (int64_t width = 1; width < 300; width += width < 70 ? 1 : 13) {
        std::vector<uint8_t> row(static_cast<size_t>(width * bytes)), out(row.size() + 1, 77), expected(row.size());
        for (size_t i = 0; i < row.size(); ++i) row[i] = static_cast<uint8_t>(i * 7 + 1);
        for (int64_t x = 0; x < width; ++x) {
          std::copy_n(row.begin() + x * bytes, bytes, expected.begin() + (width - 1 - x) * bytes);
        }
        simd::mirror_rows(row.data(), 0, 1, width, bytes, out.data(), 0);
        ASSERT_TRUE(std::equal(expected.begin(), expected.end(), out.begin())) << width << " of " << bytes;
        ASSERT_EQ(out.back(), 77);
      }
    }
  });
}

struct PadArguments {
  std::vector<int64_t> padding;
  Fill fill{};
  PaddingMode mode = PaddingMode::Constant;
};

void expect_padded(const std::string& table, const std::map<std::string, PadArguments>& all, const std::string& refusal) {
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(c.name());
    const auto& arguments = all.at(c.text("op"));
    const auto image = operations::laid_out(c.tensor("input"), c.text("layout"));
    if (c.boolean("refused")) {
      EXPECT_ERROR(functional::pad(image, arguments.padding, arguments.fill, arguments.mode), ValueError, refusal);
    } else {
      EXPECT_TENSOR_EQ(functional::pad(image, arguments.padding, arguments.fill, arguments.mode), c.tensor("expected"));
    }
  }
}

TEST(Pad, EqualsTorchvisionForEveryTypeModeAndLayout) {
  const std::map<std::string, PadArguments> all{
      {"2 1 with 3", {{2, 1}, 3}},
      {"0 1 2 3", {{0, 1, 2, 3}}},
      {"cut", {{-1, 2, 1, -1}, 1}},
      {"cut all but one", {{-1, 0, 0, 0}}},
      {"edge", {{2, 3, 1, 40}, {}, PaddingMode::Edge}},
      {"edge cut", {{-1, 3, 2, -1}, {}, PaddingMode::Edge}},
      {"reflect", {{2, 1, 1, 0}, {}, PaddingMode::Reflect}},
      {"reflect cut", {{-1, 1, 1, -1}, {}, PaddingMode::Reflect}},
      {"symmetric", {{2, 1, 1, 2}, {}, PaddingMode::Symmetric}},
      {"symmetric cut", {{-1, 1, 1, -1}, {}, PaddingMode::Symmetric}},
      {"colour", {{2, 3, 1, 0}, {1.5, 2.0, 3.5}}},
      {"colour cut", {{2, -1, 0, 4}, {1.0, 2.5, 3.0}}},
  };
  expect_padded("transforms_sizes/pad", all, "pad: ");
}

TEST(Pad, TakesTheFillsThatTorchvisionTakesForEveryType) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  const std::map<std::string, PadArguments> all{
      {"above", {{1}, 300}},
      {"below", {{1, 0}, -1}},
      {"below by half", {{1}, -0.5}},
      {"above by half", {{1}, 255.5}},
      {"far", {{0, 0, 0, 2}, 70000}},
      {"farther", {{0, 0, 1, 0}, 1e39}},
      {"nan", {{1}, nan}},
      {"inf", {{1}, infinite}},
      {"above nowhere", {{0}, 300}},
      {"above cut", {{-1, 0}, 300}},
      {"above cut and grown", {{-1, 0, 1, 0}, 300}},
      {"colours above", {{1}, {300.0, -1.0, 2.5}}},
      {"two colours", {{1}, {1.0, 2.0}}},
      {"two colours nowhere", {{0}, {1.0, 2.0}}},
      {"two colours cut", {{-1, 0}, {1.0, 2.0}}},
  };
  expect_padded("transforms_sizes/pad_beyond", all, "pad: fill must ");
  const auto image = torch::zeros({3, 4, 5}, torch::kUInt8);
  EXPECT_ERROR(functional::pad(image, {1}, 300), ValueError, "pad: fill must be a number that Byte holds, got 300");
}

TEST(Crop, OfPlacesBeyondThePictureEqualsTorchvision) {
  for (const auto& c : oracle::cases("transforms_sizes/crop")) {
    SCOPED_TRACE(c.name());
    const auto r = c.ints("region");
    const auto image = operations::laid_out(c.tensor("input"), c.text("layout"));
    EXPECT_TENSOR_EQ(functional::crop(image, {r[0], r[1], r[2], r[3]}), c.tensor("expected"));
  }
}

TEST(VerticalFlip, TurnsBoxesOfAllFormats) {
  for (const auto& c : oracle::cases("transforms_sizes/vertical_flip_boxes")) {
    if (c.boolean("skipped")) continue;
    SCOPED_TRACE(c.name());
    const BoundingBoxes boxes(c.tensor("input"), tv_tensors::bounding_box_format(c.text("format")), sizes_canvas);
    EXPECT_TENSOR_EQ(functional::vertical_flip(boxes).data, c.tensor("expected"));
  }
}

TEST(VerticalFlip, TurnsKeyPoints) {
  for (const auto& c : oracle::cases("transforms_sizes/vertical_flip_points")) {
    SCOPED_TRACE(c.name());
    EXPECT_TENSOR_EQ(functional::vertical_flip(KeyPoints(c.tensor("input"), sizes_canvas)).data, c.tensor("expected"));
  }
}

TEST(FiveCrop, AndTenCropEqualTorchvisions) {
  for (const auto& c : oracle::cases("transforms_sizes/crops")) {
    SCOPED_TRACE(c.name());
    const auto image = c.tensor("input");
    const auto size = c.ints("size");
    const auto crops = [&] {
      if (c.text("ten") == "five") {
        const auto five = functional::five_crop(image, size);
        return torch::stack(torch::TensorList(five.data(), five.size()));
      }
      const auto ten = functional::ten_crop(image, size, c.text("ten") == "ten vertical");
      return torch::stack(torch::TensorList(ten.data(), ten.size()));
    };
    if (c.boolean("refused")) {
      EXPECT_ERROR(crops(), ValueError, c.text("ten") == "five" ? "five_crop: size must" : "ten_crop: size must");
    } else {
      EXPECT_TENSOR_EQ(crops(), c.tensor("expected"));
    }
  }
}

TEST(SanitizeBoundingBoxes, KeepsWhatTorchvisionKeeps) {
  for (const auto& c : oracle::cases("transforms_sizes/sanitize")) {
    if (c.boolean("skipped")) continue;
    SCOPED_TRACE(c.name());
    const BoundingBoxes boxes(c.tensor("input"), tv_tensors::bounding_box_format(c.text("format")), sizes_canvas);
    const auto [kept, valid] =
        functional::sanitize_bounding_boxes(boxes, {.min_size = c.number("min_size"), .min_area = c.number("min_area")});
    EXPECT_TENSOR_EQ(valid, c.tensor("valid"));
    EXPECT_TENSOR_EQ(kept.data, c.tensor("expected"));
  }
}

TEST(SanitizeBoundingBoxes, TakesBareTensorsAsTorchvision) {
  for (const auto& c : oracle::cases("transforms_sizes/sanitize_tensor")) {
    SCOPED_TRACE(c.name());
    const auto format = tv_tensors::bounding_box_format(c.text("format"));
    const auto [kept, valid] =
        functional::sanitize_bounding_boxes(c.tensor("input"), format, sizes_canvas, {.min_size = 2, .min_area = 30});
    EXPECT_TENSOR_EQ(valid, c.tensor("valid"));
    EXPECT_TENSOR_EQ(kept, c.tensor("expected"));
  }
  EXPECT_ERROR(functional::sanitize_bounding_boxes(torch::zeros({2, 5}), BoundingBoxFormat::XYXY, sizes_canvas), ValueError,
               "XYXY needs 4 numbers a box, got (2, 5)");
  EXPECT_ERROR(functional::sanitize_bounding_boxes(torch::zeros({4}), BoundingBoxFormat::XYXY, sizes_canvas), ValueError,
               "sanitize_bounding_boxes: the tensor must be (N, K), got (4,)");
}

TEST(SanitizeKeyPoints, KeepsWhatTorchvisionKeeps) {
  for (const auto& c : oracle::cases("transforms_sizes/sanitize_points")) {
    SCOPED_TRACE(c.name());
    const auto [kept, valid] = functional::sanitize_keypoints(KeyPoints(c.tensor("input"), sizes_canvas));
    EXPECT_TENSOR_EQ(valid, c.tensor("valid"));
    EXPECT_TENSOR_EQ(kept.data, c.tensor("expected"));
  }
}

TEST(SanitizeKeyPoints, TakesBareTensorsAsTorchvision) {
  for (const auto& c : oracle::cases("transforms_sizes/sanitize_points_tensor")) {
    SCOPED_TRACE(c.name());
    const auto [kept, valid] = functional::sanitize_keypoints(c.tensor("input"), sizes_canvas);
    EXPECT_TENSOR_EQ(valid, c.tensor("valid"));
    EXPECT_TENSOR_EQ(kept, c.tensor("expected"));
  }
  EXPECT_ERROR(functional::sanitize_keypoints(torch::zeros({2, 3}), sizes_canvas), ValueError,
               "sanitize_keypoints: the tensor must be (..., 2), got (2, 3)");
}

TEST(GetImageSize, IsWidthAndHeight) {
  const auto image = torch::zeros({3, 4, 5});
  EXPECT_EQ(functional::get_image_size(image), (std::array<int64_t, 2>{5, 4}));
  EXPECT_EQ(functional::get_image_size(Image(image)), (std::array<int64_t, 2>{5, 4}));
  EXPECT_EQ(functional::get_image_num_channels(image), 3);
}

}  // namespace
}  // namespace opsis
