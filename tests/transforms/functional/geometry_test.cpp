// What the tables of kinds_test.cpp do not say of crops, pads and flips: memory, edges and refusals.
#include "opsis/transforms/functional.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

namespace functional = transforms::functional;
using transforms::PaddingMode;

TEST(Crop, IsAViewWithinTheImage) {
  const Image image(torch::rand({3, 8, 9}));
  const auto out = functional::crop(image, {.top = 2, .left = 3, .height = 4, .width = 5});
  EXPECT_TRUE(out.data.is_alias_of(image.data));
  EXPECT_TENSOR_EQ(out.data, image.data.slice(1, 2, 6).slice(2, 3, 8));
  EXPECT_TRUE(functional::center_crop(image, {4}).data.is_alias_of(image.data));
}

TEST(Crop, RefusesByMessage) {
  EXPECT_ERROR(functional::crop(torch::zeros({8}), {0, 0, 2, 2}), ValueError, "crop: the tensor must be (..., H, W), got (8,)");
  EXPECT_ERROR(functional::center_crop(torch::zeros({3, 8, 8}), {1, 2, 3}), ValueError,
               "center_crop: size must have 1 or 2 numbers, got 3");
  EXPECT_ERROR(functional::center_crop(torch::zeros({3, 0, 8}), {4}), ValueError,
               "center_crop: the image must not be empty, got (3, 0, 8)");
}

TEST(CenterCrop, TakesBatchesOfNone) {
  EXPECT_EQ(functional::center_crop(torch::zeros({0, 3, 8, 8}), {4}).sizes(), (std::vector<int64_t>{0, 3, 4, 4}));
}

TEST(Pad, RefusesByMessage) {
  const Image image(torch::zeros({3, 8, 10}));
  const BoundingBoxes boxes(torch::zeros({1, 4}), BoundingBoxFormat::XYXY, {8, 10});
  const KeyPoints points(torch::zeros({1, 2}), {8, 10});
  EXPECT_ERROR(functional::pad(image, {1, 2, 3}), ValueError, "pad: padding must have 1, 2 or 4 numbers, got 3");
  EXPECT_ERROR(functional::pad(image, {8}, {}, PaddingMode::Reflect), ValueError,
               "pad: reflect cannot show more pixels than the image has, got borders 8, 8, 8, 8 for (8, 10)");
  EXPECT_ERROR(functional::pad(image, {9}, {}, PaddingMode::Symmetric), ValueError, "pad: symmetric cannot show more");
  EXPECT_ERROR(functional::pad(image, {1}, {1, 2, 3}, PaddingMode::Edge), ValueError, "pad: edge takes one fill");
  EXPECT_ERROR(functional::pad(image, {1}, {1, 2}), ValueError, "pad: fill must have 1 or 3 numbers, got 2");
  EXPECT_ERROR(functional::pad(image, {-5}), ValueError, "takes more than the image has, (-2, 0) from (8, 10)");
  EXPECT_ERROR(functional::pad(Mask(image.data), {1}, {1, 2, 3}), ValueError,
               "a mask takes one fill, not a list, got [1, 2, 3]");
  EXPECT_ERROR(functional::pad(boxes, {1}, {}, PaddingMode::Edge), ValueError, "boxes take the mode constant only, got edge");
  EXPECT_ERROR(functional::pad(points, {1}, {}, PaddingMode::Reflect), ValueError, "key points take the mode constant only");
  EXPECT_ERROR(transforms::padding_mode("mirror"), ValueError, "got \"mirror\"");
  EXPECT_EQ(transforms::padding_mode("symmetric"), PaddingMode::Symmetric);
}

TEST(HorizontalFlip, OfOnePixelIsItself) {
  const Image image(torch::rand({3, 1, 1}));
  EXPECT_TENSOR_EQ(functional::horizontal_flip(image).data, image.data);
  EXPECT_EQ(functional::horizontal_flip(torch::zeros({3, 0, 0})).numel(), 0);
  EXPECT_ERROR(functional::horizontal_flip(torch::zeros({3})), ValueError, "horizontal_flip: the tensor must be (..., H, W)");
}

TEST(Dimensions, OfEveryKind) {
  EXPECT_EQ(functional::get_size(Image(torch::zeros({3, 4, 5}))), (Size{4, 5}));
  EXPECT_EQ(functional::get_size(Video(torch::zeros({2, 3, 4, 5}))), (Size{4, 5}));
  EXPECT_EQ(functional::get_size(Mask(torch::zeros({4, 5}))), (Size{4, 5}));
  EXPECT_EQ(functional::get_size(KeyPoints(torch::zeros({1, 2}), {6, 7})), (Size{6, 7}));
  EXPECT_EQ(functional::get_size(BoundingBoxes(torch::zeros({1, 4}), BoundingBoxFormat::XYXY, {6, 7})), (Size{6, 7}));
  EXPECT_EQ(functional::get_dimensions(torch::zeros({4, 5})), (functional::Dimensions{1, 4, 5}));
  EXPECT_EQ(functional::get_dimensions(Image(torch::zeros({3, 4, 5}))), (functional::Dimensions{3, 4, 5}));
  EXPECT_EQ(functional::get_num_channels(Video(torch::zeros({2, 3, 4, 5}))), 3);
  EXPECT_EQ(functional::get_num_channels(torch::zeros({4, 5})), 1);
  EXPECT_EQ(functional::get_num_frames(Video(torch::zeros({2, 3, 4, 5}))), 2);
  EXPECT_ERROR(functional::get_size(torch::zeros({4})), ValueError, "get_size: the tensor must be (..., H, W), got (4,)");
  EXPECT_ERROR(functional::get_num_frames(torch::zeros({3, 4, 5})), ValueError, "must be (..., T, C, H, W)");
}

}  // namespace
}  // namespace opsis
