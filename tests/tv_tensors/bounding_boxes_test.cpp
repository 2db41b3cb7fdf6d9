#include <sstream>

#include "opsis/tv_tensors.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

TEST(BoundingBoxes, TakeWhatTorchvisionTakes) {
  for (const auto& c : oracle::cases("tv_tensors/bounding_boxes")) {
    SCOPED_TRACE(c.name());
    const BoundingBoxes boxes(c.tensor("data"), tv_tensors::bounding_box_format(c.text("format")), {32, 48});
    EXPECT_TENSOR_EQ(boxes.data, c.tensor("expected"));
  }
}

TEST(BoundingBoxes, RefuseNumbersThatTheFormatLacks) {
  EXPECT_ERROR(BoundingBoxes(torch::zeros({2, 5}), BoundingBoxFormat::XYXY, {8, 8}), ValueError,
               "BoundingBoxes: XYXY needs 4 numbers a box, got (2, 5)");
  EXPECT_ERROR(BoundingBoxes(torch::zeros({2, 2, 4}), BoundingBoxFormat::XYXY, {8, 8}), ValueError, "got (2, 2, 4)");
  EXPECT_ERROR(BoundingBoxes(torch::zeros({1, 5}, torch::kInt64), BoundingBoxFormat::XYWHR, {8, 8}), ValueError,
               "rotated boxes must be floating point, got Long");
  EXPECT_ERROR(BoundingBoxes({}, BoundingBoxFormat::XYXY, {8, 8}), ValueError, "undefined");
}

TEST(BoundingBoxes, WrapCopiesMetadataButForWhatIsNamed) {
  const BoundingBoxes like(torch::zeros({1, 4}), BoundingBoxFormat::XYWH, {10, 20}, ClampingMode::Hard);
  const auto same = tv_tensors::wrap(torch::ones({3, 4}), like);
  EXPECT_EQ(same.format, BoundingBoxFormat::XYWH);
  EXPECT_EQ(same.canvas_size, (Size{10, 20}));
  EXPECT_EQ(same.clamping_mode, ClampingMode::Hard);
  const auto other = tv_tensors::wrap(torch::ones({3, 4}), like, {.canvas_size = Size{5, 6}});
  EXPECT_EQ(other.canvas_size, (Size{5, 6}));
  EXPECT_EQ(other.format, BoundingBoxFormat::XYWH);
}

TEST(BoundingBoxes, PrintTheirMetadata) {
  std::ostringstream out;
  out << BoundingBoxes(torch::tensor({{1, 2, 3, 4}}), BoundingBoxFormat::XYXY, {10, 20});
  EXPECT_EQ(out.str(), "BoundingBoxes([[1, 2, 3, 4]], (1, 4), Long, format=XYXY, canvas_size=(10, 20), clamping_mode=soft)");
}

TEST(BoundingBoxFormat, NamesAreTorchvisions) {
  for (const auto& c : oracle::cases("tv_tensors/formats")) {
    const auto format = tv_tensors::bounding_box_format(c.text("format"));
    EXPECT_EQ(tv_tensors::to_string(format), c.text("name"));
    EXPECT_EQ(tv_tensors::is_rotated_bounding_format(format), c.boolean("rotated"));
  }
  EXPECT_ERROR(tv_tensors::bounding_box_format("XXYY"), ValueError, "got \"XXYY\"");
}

}  // namespace
}  // namespace opsis
