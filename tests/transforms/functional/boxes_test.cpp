#include "opsis/transforms/functional/boxes.h"
#include "opsis/core/parallel.h"
#include "tests/support/expect.h"
#include "tests/support/transform_operations.h"

namespace opsis {
namespace {

namespace functional = transforms::functional;

void expect_converted_as_in(const std::string& table) {
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(c.name());
    if (c.boolean("skipped")) continue;  // rotated boxes of integers
    const BoundingBoxes boxes(c.tensor("input"), tv_tensors::bounding_box_format(c.text("old")), {33, 47});
    const auto format = tv_tensors::bounding_box_format(c.text("new"));
    if (c.boolean("refused")) {
      EXPECT_ERROR(functional::convert_bounding_box_format(boxes, format), ValueError, "convert_bounding_box_format: ");
      continue;
    }
    const auto out = functional::convert_bounding_box_format(boxes, format);
    EXPECT_TENSOR_EQ(out.data, c.tensor("expected"));
    EXPECT_EQ(out.format, format);
    EXPECT_TENSOR_EQ(boxes.data, c.tensor("input"));
  }
}

TEST(ConvertBoundingBoxFormat, EqualsTorchvision) { expect_converted_as_in("transforms/convert_format"); }
TEST(ConvertBoundingBoxFormat, OfNaNAndInfinityEqualsTorchvision) { expect_converted_as_in("transforms/odd_formats"); }

TEST(ConvertBoundingBoxFormat, RefusesByMessage) {
  const BoundingBoxes boxes(torch::zeros({1, 4}), BoundingBoxFormat::XYXY, {8, 8});
  EXPECT_ERROR(functional::convert_bounding_box_format(boxes, BoundingBoxFormat::XYWHR), ValueError,
               "XYXY and XYWHR are upright and rotated");
  EXPECT_ERROR(
      functional::convert_bounding_box_format(torch::zeros({2, 4}), BoundingBoxFormat::XYWHR, BoundingBoxFormat::CXCYWHR),
      ValueError, "convert_bounding_box_format: XYWHR needs 5 numbers a box, got (2, 4)");
}

void expect_clamped_as_in(const std::string& table) {
  const SerialScope serial;
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(c.name());
    if (c.boolean("skipped")) continue;  // rotated boxes of integers
    const auto mode = c.text("mode");
    const BoundingBoxes boxes(c.tensor("input"), tv_tensors::bounding_box_format(c.text("format")),
                              operations::size(c.ints("canvas")), ClampingMode::None);
    const auto out = functional::clamp_bounding_boxes(boxes, mode == "none"   ? ClampingMode::None
                                                             : mode == "hard" ? ClampingMode::Hard
                                                                              : ClampingMode::Soft);
    EXPECT_TENSOR_EQ(out.data, c.tensor("expected"));
    EXPECT_TENSOR_EQ(boxes.data, c.tensor("input"));
  }
}

TEST(ClampBoundingBoxes, EqualsTorchvision) { expect_clamped_as_in("transforms/clamp_boxes"); }
TEST(ClampBoundingBoxes, OfNaNAndInfinityEqualsTorchvision) { expect_clamped_as_in("transforms/odd_clamped"); }

TEST(ClampBoundingBoxes, TakesTheModeOfTheBoxesWhenNoneIsNamed) {
  const auto data = torch::tensor({{-2.0, 1.0, 20.0, 30.0}});
  const BoundingBoxes soft(data, BoundingBoxFormat::XYXY, {10, 15});
  const BoundingBoxes none(data, BoundingBoxFormat::XYXY, {10, 15}, ClampingMode::None);
  EXPECT_TENSOR_EQ(functional::clamp_bounding_boxes(soft).data, torch::tensor({{0.0, 1.0, 15.0, 10.0}}));
  EXPECT_TENSOR_EQ(functional::clamp_bounding_boxes(none).data, data);
  EXPECT_FALSE(functional::clamp_bounding_boxes(none).data.is_same(none.data));
}

TEST(ClampKeypoints, EqualsTorchvision) {
  for (const auto& c : oracle::cases("transforms/clamp_points")) {
    SCOPED_TRACE(c.name());
    EXPECT_TENSOR_EQ(functional::clamp_keypoints(operations::points(c)).data, c.tensor("expected"));
  }
}

}  // namespace
}  // namespace opsis
