#include "opsis/transforms/functional/resize.h"
#include "opsis/core/parallel.h"
#include "tests/support/expect.h"
#include "tests/support/transform_operations.h"

namespace opsis {
namespace {

namespace functional = transforms::functional;
using transforms::InterpolationMode;

// Every type, mode, layout and odd size; the same ATen kernel on both sides, so not one level may differ.
TEST(Resize, EqualsTorchvisionForEveryTypeAndMode) {
  const SerialScope serial;
  for (const auto& c : oracle::cases("transforms/resize_sweep")) {
    SCOPED_TRACE(c.name());
    const auto image = operations::laid_out(c.tensor("input"), c.text("layout"));
    const transforms::ResizeOptions options{.interpolation = transforms::interpolation_mode(c.text("interpolation")),
                                            .antialias = c.boolean("antialias")};
    if (c.boolean("refused")) {
      EXPECT_ERROR(functional::resize(image, c.ints("size"), options), ValueError, "resize: lanczos needs antialias");
    } else {
      EXPECT_TENSOR_EQ(functional::resize(image, c.ints("size"), options), c.tensor("expected"));
    }
  }
}

TEST(Resize, SizesAreTorchvisions) {
  for (const auto& c : oracle::cases("transforms/resized_size")) {
    SCOPED_TRACE(c.name());
    const KeyPoints canvas(torch::zeros({1, 2}), operations::size(c.ints("canvas")));
    const auto size = c.is_null("size") ? std::vector<int64_t>{} : c.ints("size");
    const transforms::ResizeOptions options{.max_size =
                                                c.is_null("max_size") ? std::nullopt : std::optional(c.integer("max_size"))};
    if (c.boolean("refused")) {
      EXPECT_ERROR(functional::resize(canvas, size, options), ValueError, "resize: ");
    } else {
      EXPECT_EQ(functional::resize(canvas, size, options).canvas_size, operations::size(c.ints("expected")));
    }
  }
}

TEST(Resize, KeepsChannelsLast) {
  const auto image = operations::laid_out(torch::randint(256, {3, 40, 50}, torch::kUInt8), "channels_last");
  const auto out = functional::resize(image, {20, 25});
  EXPECT_TRUE(out.movedim(-3, -1).is_contiguous());
}

TEST(Resize, GivesBackWhatHasTheSizeAlready) {
  const Image image(torch::rand({3, 8, 9}));
  EXPECT_TRUE(functional::resize(image, {8, 9}).data.is_same(image.data));
}

TEST(Resize, TakesBatchesOfNone) {
  EXPECT_EQ(functional::resize(torch::zeros({0, 3, 8, 8}), {4}).sizes(), (std::vector<int64_t>{0, 3, 4, 4}));
  EXPECT_ERROR(functional::resize(torch::zeros({3, 0, 8}), {4, 4}), ValueError, "resize: the image must not be empty");
  EXPECT_ERROR(functional::resize(torch::zeros({3, 0, 8}), {4}), ValueError, "an empty image has no ratio to keep");
}

TEST(Resize, RefusesByMessage) {
  const Image image(torch::zeros({3, 8, 8}));
  EXPECT_ERROR(functional::resize(image, {1, 2, 3}), ValueError, "resize: size must have 1 or 2 numbers, got 3");
  EXPECT_ERROR(functional::resize(image, {}), ValueError, "resize: without a size, max_size must be given");
  EXPECT_ERROR(functional::resize(image, {4, 5}, {.max_size = 9}), ValueError, "max_size goes with a size of one number");
  EXPECT_ERROR(functional::resize(image, {4}, {.max_size = 4}), ValueError, "above the shorter side 4, got 4");
  EXPECT_ERROR(functional::resize(image, {0}), ValueError, "resize: the new size must be positive, got (0, 0)");
  EXPECT_ERROR(functional::resize(torch::zeros({8, 8}), {4}), ValueError, "must be (..., C, H, W), got (8, 8)");
  EXPECT_ERROR(functional::resize(image, {4}, {.interpolation = InterpolationMode::LANCZOS, .antialias = false}), ValueError,
               "resize: lanczos needs antialias");
  EXPECT_ERROR(functional::resize(image, {4}, {.interpolation = InterpolationMode::BOX}), ValueError,
               "resize: box is not there for tensors");
  EXPECT_ERROR(transforms::interpolation_mode("bilinaer"), ValueError, "did you mean bilinear");
}

}  // namespace
}  // namespace opsis
