// Every kernel on every kind of value, against torchvision. All results come from the same ATen kernels in the same order, so
// not one bit may differ.
#include "opsis/core/parallel.h"
#include "tests/support/expect.h"
#include "tests/support/transform_operations.h"

namespace opsis {
namespace {

// One thread: the tensors are small, and waking threads takes longer than the work.
class Kernels : public ::testing::Test {
 protected:
  SerialScope serial_;
};

void images_of(const std::string& table) {
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(c.name());
    const Image image(operations::laid_out(c.tensor("input"), c.text("layout")));
    const auto out = operations::named(c.text("op"))(image);
    EXPECT_TENSOR_EQ(std::get<Image>(out).data, c.tensor("expected"));
    EXPECT_TENSOR_EQ(image.data, c.tensor("input"));
  }
}

TEST_F(Kernels, ChangeImagesAsTorchvision) { images_of("transforms/image"); }
TEST_F(Kernels, ChangeImagesOfAnyLayout) { images_of("transforms/image_layouts"); }

TEST_F(Kernels, ChangeNaNAndInfinityAsTorchvision) { images_of("transforms/odd_image"); }

TEST_F(Kernels, ChangeVideosAsTorchvision) {
  for (const auto& c : oracle::cases("transforms/video")) {
    SCOPED_TRACE(c.name());
    const auto out = operations::named(c.text("op"))(Video(c.tensor("input")));
    EXPECT_TENSOR_EQ(std::get<Video>(out).data, c.tensor("expected"));
  }
}

TEST_F(Kernels, ChangeMasksAsTorchvision) {
  for (const auto& c : oracle::cases("transforms/mask")) {
    SCOPED_TRACE(c.name());
    const auto out = operations::named(c.text("op"))(Mask(c.tensor("input")));
    EXPECT_TENSOR_EQ(std::get<Mask>(out).data, c.tensor("expected"));
  }
}

// Small, tall and wide ones, some of which are refused.
template <class Kind>
void shapes_of(const std::string& table) {
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(c.name());
    const auto op = c.text("op");
    const auto run = [&] { return std::get<Kind>(operations::named(op)(Kind(c.tensor("input")))).data; };
    if (c.boolean("refused")) {
      EXPECT_ERROR(run(), ValueError, op.substr(0, op.find(' ')) + ": ");
    } else {
      EXPECT_TENSOR_EQ(run(), c.tensor("expected"));
    }
  }
}

TEST_F(Kernels, ChangeImagesOfAnyShapeAsTorchvision) { shapes_of<Image>("transforms/image_shapes"); }
TEST_F(Kernels, ChangeVideosOfAnyShapeAsTorchvision) { shapes_of<Video>("transforms/video_shapes"); }
TEST_F(Kernels, ChangeMasksOfAnyShapeAsTorchvision) { shapes_of<Mask>("transforms/mask_shapes"); }

void boxes_of(const std::string& table) {
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(c.name());
    const auto in = operations::boxes(c);
    const auto out = std::get<BoundingBoxes>(operations::named(c.text("op"))(in));
    EXPECT_TENSOR_EQ(out.data, c.tensor("expected"));
    EXPECT_EQ(out.canvas_size, operations::size(c.ints("expected_canvas")));
    EXPECT_EQ(out.format, in.format);
    EXPECT_EQ(out.clamping_mode, in.clamping_mode);
    EXPECT_TENSOR_EQ(in.data, c.tensor("input"));
  }
}

TEST_F(Kernels, ChangeUprightBoxesAsTorchvision) { boxes_of("transforms/upright_boxes"); }
TEST_F(Kernels, ChangeRotatedBoxesAsTorchvision) { boxes_of("transforms/rotated_boxes"); }
TEST_F(Kernels, ChangeNoBoxesAtAll) { boxes_of("transforms/no_boxes"); }
TEST_F(Kernels, ChangeBoxesOfNaNAndInfinityAsTorchvision) { boxes_of("transforms/odd_boxes"); }

void points_of(const std::string& table) {
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(c.name());
    const auto in = operations::points(c);
    const auto out = std::get<KeyPoints>(operations::named(c.text("op"))(in));
    EXPECT_TENSOR_EQ(out.data, c.tensor("expected"));
    EXPECT_EQ(out.canvas_size, operations::size(c.ints("expected_canvas")));
    EXPECT_TENSOR_EQ(in.data, c.tensor("input"));
  }
}

TEST_F(Kernels, ChangeKeyPointsAsTorchvision) { points_of("transforms/key_points"); }
TEST_F(Kernels, ChangeKeyPointsOfNaNAndInfinityAsTorchvision) { points_of("transforms/odd_points"); }

}  // namespace
}  // namespace opsis
