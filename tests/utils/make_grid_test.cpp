#include "opsis/utils/make_grid.h"

#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

// The arithmetic is the same ATen calls in the same order, so every bit agrees.
TEST(MakeGrid, EqualsTorchvision) {
  for (const auto& c : oracle::cases("utils/make_grid")) {
    SCOPED_TRACE(c.name());
    const auto grid = utils::make_grid(
        c.tensor("images"), {.nrow = c.integer("nrow"), .padding = c.integer("padding"), .pad_value = c.number("pad_value")});
    EXPECT_TENSOR_EQ(grid, c.tensor("expected"));
  }
}

TEST(MakeGrid, NormalizesAsTorchvision) {
  for (const auto& c : oracle::cases("utils/make_grid_normalize")) {
    SCOPED_TRACE(c.name());
    utils::MakeGridOptions options{.normalize = true, .scale_each = c.boolean("scale_each")};
    if (!c.is_null("value_range")) options.value_range = {c.numbers("value_range")[0], c.numbers("value_range")[1]};
    const auto images = c.tensor("images"), before = images.clone();
    EXPECT_TENSOR_EQ(utils::make_grid(images, options), c.tensor("expected"));
    EXPECT_TENSOR_EQ(images, before);
  }
}

TEST(MakeGrid, RefusesWhatTorchvisionRefuses) {
  for (const auto& c : oracle::cases("utils/make_grid_refusals")) {
    SCOPED_TRACE(c.name());
    ASSERT_TRUE(c.boolean("refused"));
    EXPECT_ERROR(utils::make_grid(c.tensor("images")), ValueError, "make_grid: ");
  }
}

TEST(MakeGrid, TakesListsAndStridedTensors) {
  const auto batch = torch::rand({3, 3, 4, 5});
  const auto grid = utils::make_grid(batch);
  EXPECT_TENSOR_EQ(utils::make_grid(std::vector{batch[0], batch[1], batch[2]}), grid);
  EXPECT_TENSOR_EQ(utils::make_grid(std::vector{Image(batch[0]), Image(batch[1]), Image(batch[2])}), grid);
  const auto decoded = utils::make_grid(batch.permute({0, 2, 3, 1}).contiguous().permute({0, 3, 1, 2}));
  EXPECT_TENSOR_EQ(decoded, grid);
  EXPECT_TRUE(decoded.permute({1, 2, 0}).is_contiguous());  // ready to be encoded
  EXPECT_EQ(utils::make_grid(torch::rand({2, 3, 1, 1})).sizes(), (torch::IntArrayRef{3, 5, 8}));
}

TEST(MakeGrid, SaysWhatIsWrong) {
  const auto images = torch::rand({2, 3, 4, 5});
  EXPECT_ERROR(utils::make_grid(images, {.nrow = 0}), ValueError, "nrow must be at least 1, got 0");
  EXPECT_ERROR(utils::make_grid(images, {.padding = -1}), ValueError, "padding must not be negative, got -1");
  EXPECT_ERROR(utils::make_grid(images.to(torch::kUInt8), {.normalize = true}), ValueError, "floating point images, got Byte");
  EXPECT_ERROR(utils::make_grid(std::vector<torch::Tensor>{}), ValueError, "at least one image");
  EXPECT_ERROR(utils::make_grid(std::vector{images[0], images[0][0]}), ValueError, "must have one shape");
  EXPECT_ERROR(utils::make_grid(torch::Tensor{}), ValueError, "undefined");
}

}  // namespace
}  // namespace opsis
