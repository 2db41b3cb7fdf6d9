// Masks as run lengths, held against pycocotools.
#include "opsis/io/run_lengths.h"

#include <nlohmann/json.hpp>

#include "opsis/io/masks.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis::io {
namespace {

Size size_of(const oracle::Case& c) { return {c.ints("size")[0], c.ints("size")[1]}; }

TEST(RunLengths, OfMasksEqualPycocotools) {
  for (const auto& c : oracle::cases("coco/masks")) {
    SCOPED_TRACE(c.name());
    const auto masks = c.tensor("masks");
    const auto runs = encode_masks(masks);
    const auto texts = c.texts("counts");
    ASSERT_EQ(runs.size(), texts.size());
    for (size_t i = 0; i < runs.size(); ++i) {
      EXPECT_EQ(to_text(runs[i]), texts[i]);
      EXPECT_EQ(runs_of_text(texts[i], size_of(c)), runs[i]);
      EXPECT_EQ(area(runs[i]), c.tensor("area")[static_cast<int64_t>(i)].item<int64_t>());
      const auto box = bounding_box(runs[i]);
      EXPECT_TENSOR_EQ(torch::tensor(std::vector<double>(box.begin(), box.end()), torch::kFloat64),
                       c.tensor("boxes")[static_cast<int64_t>(i)]);
    }
    EXPECT_TENSOR_EQ(decode_masks(runs), masks);
    for (const auto& pair : nlohmann::json::parse(c.json("uncompressed"))) {
      EXPECT_EQ(to_text(runs_of_counts(pair[0].get<std::vector<int64_t>>(), size_of(c))), pair[1].get<std::string>());
    }
    EXPECT_EQ(to_text(merge(std::span(runs).subspan(2))), c.text("union"));
    EXPECT_EQ(to_text(merge(std::span(runs).subspan(1, 2), MergeRuns::Intersection)), c.text("intersection"));
    const auto crowd = c.ints("crowd");
    for (size_t i = 0; i < runs.size(); ++i) {
      for (size_t j = 0; j < runs.size(); ++j) {
        const auto at = [&](const char* name) {
          return c.tensor(name)[static_cast<int64_t>(i)][static_cast<int64_t>(j)].item<double>();
        };
        EXPECT_EQ(run_iou(runs[i], runs[j], crowd[j] != 0), at("iou"));
        EXPECT_EQ(run_iou(bounding_box(runs[i]), bounding_box(runs[j]), crowd[j] != 0), at("box_iou"));
      }
    }
  }
}

TEST(RunLengths, OfPolygonsEqualPycocotools) {
  for (const auto& c : oracle::cases("coco/polygons")) {
    SCOPED_TRACE(c.name());
    const auto polygons = nlohmann::json::parse(c.json("polygons")).get<std::vector<std::vector<double>>>();
    const auto texts = c.texts("counts");
    for (size_t i = 0; i < polygons.size(); ++i) EXPECT_EQ(to_text(runs_of_polygon(polygons[i], size_of(c))), texts[i]);
    EXPECT_EQ(to_text(runs_of_polygons(polygons, size_of(c))), c.text("merged"));
    const auto box = c.numbers("box");
    EXPECT_EQ(to_text(runs_of_box({box[0], box[1], box[2], box[3]}, size_of(c))), c.text("box_counts"));
  }
}

// Each edge is ten million points long: walked along, they would take hours. There and back again, edges leave nothing.
TEST(RunLengths, OfAnOutlineFarBeyondThePictureTakeNoTime) {
  const Size size{17, 23};
  const std::vector<double> there{-1048576, -1048575.5}, back{1048576, 1000000}, below{3, 500000};
  std::vector<double> once, often;
  for (const auto& corner : {there, back, below}) once.insert(once.end(), corner.begin(), corner.end());
  for (int i = 0; i < 50'000; ++i) {
    for (const auto& corner : {there, back}) often.insert(often.end(), corner.begin(), corner.end());
  }
  often.insert(often.end(), once.begin(), once.end());
  EXPECT_EQ(runs_of_polygon(often, size), runs_of_polygon(once, size));
  EXPECT_GT(area(runs_of_polygon(once, size)), 0);
}

TEST(RunLengths, RefuseTextsThatLie) {
  const Size size{7, 5};
  EXPECT_ERROR(runs_of_text("P", size), DecodeError, "ends within a number, at byte 1");
  EXPECT_ERROR(runs_of_text("0 1", size), DecodeError, "byte 1 must be from '0' to 'o', got 32");
  EXPECT_ERROR(runs_of_text("oooooooooooooooo", size), DecodeError, "longer than any can be");
  EXPECT_ERROR(runs_of_text("O", size), DecodeError, "run 0 must be from 0 to the 35 pixels");
  EXPECT_ERROR(runs_of_text("5", size), DecodeError, "must add up to the 35 pixels of (7, 5), got 5");
  EXPECT_ERROR(runs_of_text("", size), DecodeError, "got 0");
  EXPECT_ERROR(runs_of_text("", {1 << 30, 1 << 30}), ValueError, "2^32 - 1 pixels");
  EXPECT_ERROR(runs_of_counts(std::vector<int64_t>{30, 6}, size), DecodeError, "run 1 must be from 0 to the 5 pixels");
  EXPECT_ERROR(runs_of_counts(std::vector<int64_t>{30}, size), DecodeError, "5 are left over");
  EXPECT_TRUE(runs_of_text("", {0, 5}).counts.empty());
}

TEST(RunLengths, RefuseWhatDoesNotFit) {
  const Size size{7, 5};
  EXPECT_ERROR(runs_of_polygon(std::vector<double>{1, 2, 3, 4}, size), ValueError, "3 or more corners, got 4 numbers");
  EXPECT_ERROR(runs_of_polygon(std::vector<double>{1, 2, 3, 4, 1e300, 0}, size), ValueError, "within 2^20 of 0");
  EXPECT_ERROR(runs_of_polygon(std::vector<double>{1, 2, 3, 4, NAN, 0}, size), ValueError, "within 2^20 of 0");
  const RunLengths small{{1, 1}, {1}}, large{size, {35}}, lying{size, {34}};
  EXPECT_ERROR(merge(std::vector{small, large}), ValueError, "must have one size, got (1, 1) and (7, 5)");
  EXPECT_ERROR(merge(std::vector{large, lying}), ValueError, "add up to the 35 pixels");
  EXPECT_ERROR(run_iou(small, large), ValueError, "must have one size");
  EXPECT_ERROR(bounding_box({{0, 5}, {0, 3}}), ValueError, "bounding_box: runs must add up to the 0 pixels");
  EXPECT_ERROR(decode_masks({lying}), ValueError, "add up to the 35 pixels");
  EXPECT_ERROR(encode_masks(torch::zeros({3})), ValueError, "must be (N, H, W) or (H, W), got (3,)");
  EXPECT_TRUE(encode_masks(torch::zeros({0, 4, 4})).empty());
  EXPECT_EQ(encode_masks(torch::zeros({0, 4})).at(0).counts, std::vector<uint32_t>{0});
  EXPECT_EQ(decode_masks({}).numel(), 0);
  EXPECT_ERROR(decode_masks({{{-1, -2}, {2}}}), ValueError, "decode_masks: a mask's sides must be 0 or more, got (-1, -2)");
  EXPECT_EQ(to_text(runs_of_polygons({}, size)), to_text(large));
}

}  // namespace
}  // namespace opsis::io
