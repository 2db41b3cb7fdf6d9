#include "opsis/transforms/functional/type.h"

#include <ATen/ops/_neg_view.h>

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

// ATen's two operations: their bits, and their order of the memory.
TEST(Normalize, EqualsSubtractionAndDivisionInEveryLayout) {
  const auto planes = torch::randn({4, 3, 9, 37});
  const auto pixels = planes.contiguous(torch::MemoryFormat::ChannelsLast);
  auto special = planes.clone();
  special.view(-1).slice(0, 0, 5).copy_(torch::tensor({0.0f, -0.0f, 1e-42f, 3e38f, INFINITY}));
  const torch::Tensor images[] = {planes,
                                  pixels,
                                  special,
                                  pixels[1],
                                  planes[2],
                                  planes.slice(-1, 3, 30).slice(-2, 1, 5),
                                  pixels.slice(-1, 3, 30).slice(-2, 1, 5),
                                  pixels.slice(-1, 3, 4),
                                  planes.transpose(-1, -2),
                                  pixels.transpose(-1, -2),
                                  planes.transpose(0, 1).contiguous().transpose(0, 1),
                                  planes.select(1, 0).unsqueeze(1).expand({4, 3, 9, 37}),
                                  planes.view({2, 2, 3, 9, 37}),
                                  pixels.unflatten(0, {2, 2}),
                                  torch::randn({2, 9, 37})};
  const std::vector<double> mean{0.485, 0.456, 0.406}, std{0.229, 0.224, 0.225};
  for (const auto& image : images) {
    for (const auto& type : {torch::kFloat32, torch::kFloat64, torch::kBFloat16}) {
      const auto in = type == torch::kFloat32 ? image : image.to(type);
      const auto channels = static_cast<size_t>(image.size(-3));
      const std::vector<double> m(mean.begin(), mean.begin() + static_cast<std::ptrdiff_t>(channels));
      const std::vector<double> s(std.begin(), std.begin() + static_cast<std::ptrdiff_t>(channels));
      const auto column = [&](const std::vector<double>& numbers) {
        return torch::tensor(numbers, torch::kFloat64).to(type).view({-1, 1, 1});
      };
      const auto expected = in.sub(column(m)).div_(column(s)), got = functional::normalize(in, m, s);
      EXPECT_TRUE(got.equal(expected)) << image.sizes() << image.strides();
      EXPECT_EQ(got.strides(), expected.strides()) << image.sizes() << image.strides();
      EXPECT_TENSOR_EQ(functional::normalize(in, {0.3}, {1.7}), in.sub(column({0.3})).div_(column({1.7})));
    }
  }
}

TEST(Normalize, TakesTheNumbersThatANegativeViewStandsFor) {
  const auto image = torch::rand({3, 4, 5});
  EXPECT_TENSOR_EQ(functional::normalize(at::_neg_view(image), {0.5}, {0.25}), functional::normalize(-image, {0.5}, {0.25}));
}

TEST(Normalize, HasGradients) {
  const auto image = torch::rand({3, 2, 2}).requires_grad_();
  functional::normalize(image, {0.5}, {0.25}).sum().backward();
  EXPECT_TENSOR_EQ(image.grad(), torch::full({3, 2, 2}, 4.0));
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
