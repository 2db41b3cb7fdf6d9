#include "opsis/transforms/functional/type.h"

#include "opsis/transforms/fields.h"
#include "tests/support/expect.h"
#include "tests/support/transform_operations.h"

namespace opsis {
namespace {

namespace functional = transforms::functional;

// The same operations in the same order: not one bit may differ.
TEST(ToDtype, EqualsTorchvisionBetweenAllTypes) {
  for (const auto& c : oracle::cases("transforms/to_dtype")) {
    SCOPED_TRACE(c.name());
    const auto to = transforms::detail::dtype_named(c.text("new"));
    const transforms::ToDtypeOptions options{.scale = c.boolean("scale")};
    const Image image(c.tensor("input"));
    if (c.boolean("refused")) {
      EXPECT_ERROR(functional::to_dtype(image, to, options), ValueError, "to_dtype: ");
    } else {
      EXPECT_TENSOR_EQ(functional::to_dtype(image, to, options).data, c.tensor("expected"));
    }
    EXPECT_TENSOR_EQ(image.data, c.tensor("input"));
  }
}

TEST(ToDtype, GivesBackWhatHasTheTypeAlready) {
  const Image image(torch::rand({3, 2, 2}));
  EXPECT_TRUE(functional::to_dtype(image, torch::kFloat32, {.scale = true}).data.is_same(image.data));
}

TEST(ToDtype, IsFloat32ByDefault) {
  const auto data = torch::full({1, 2, 2}, 255, torch::kUInt8);
  EXPECT_TENSOR_EQ(functional::to_dtype(data), data.to(torch::kFloat32));
  EXPECT_TENSOR_EQ(functional::to_dtype(Image(data)).data, data.to(torch::kFloat32));
}

TEST(ToDtype, ScalesPixelsOnly) {
  const auto data = torch::full({1, 2, 2}, 255, torch::kUInt8);
  EXPECT_TENSOR_EQ(functional::to_dtype(Mask(data), torch::kFloat32, {.scale = true}).data, torch::full({1, 2, 2}, 255.0f));
  EXPECT_TENSOR_EQ(functional::to_dtype(Image(data), torch::kFloat32, {.scale = true}).data, torch::ones({1, 2, 2}));
}

TEST(ToDtype, RefusesByMessage) {
  EXPECT_ERROR(functional::to_dtype(torch::zeros({1}), torch::kInt64, {.scale = true}), ValueError,
               "to_dtype: Float cannot be scaled to Long");
  EXPECT_ERROR(functional::to_dtype(torch::zeros({1}, torch::kBool), torch::kUInt8, {.scale = true}), ValueError,
               "have a range as integers, got Bool");
}

TEST(Normalize, EqualsTorchvision) {
  for (const auto& c : oracle::cases("transforms/normalize")) {
    SCOPED_TRACE(c.name());
    const auto mean = c.numbers("mean");
    auto std = mean;
    for (auto& s : std) s /= 2;
    const auto image = operations::laid_out(c.tensor("input"), c.text("layout"));
    EXPECT_TENSOR_EQ(functional::normalize(image, mean, std), c.tensor("expected"));
    EXPECT_TENSOR_EQ(image, c.tensor("input"));
  }
}

TEST(Normalize, InplaceWritesIntoTheInput) {
  const Image image(torch::full({3, 2, 2}, 0.75));
  const auto out = functional::normalize(image, {0.5}, {0.25}, {.inplace = true});
  EXPECT_TRUE(out.data.is_same(image.data));
  EXPECT_TENSOR_EQ(image.data, torch::ones({3, 2, 2}));
}

TEST(Normalize, RefusesByMessage) {
  const std::vector<double> two{0.5, 0.5};
  EXPECT_ERROR(functional::normalize(torch::zeros({3, 2, 2}, torch::kUInt8), {0.5}, {0.5}), ValueError,
               "normalize: the image must be floating point, got Byte; see to_dtype");
  EXPECT_ERROR(functional::normalize(torch::zeros({3, 2, 2}), two, two), ValueError,
               "normalize: mean and std must have 1 or 3 numbers for an image (3, 2, 2), got 2 and 2");
  EXPECT_ERROR(functional::normalize(torch::zeros({3, 2, 2}), {0.5}, {0.0}), ValueError, "normalize: std must not be 0");
  EXPECT_ERROR(functional::normalize(torch::zeros({2, 2}), {0.5}, {0.5}), ValueError, "must be (..., C, H, W)");
}

}  // namespace
}  // namespace opsis
