#include "opsis/utils/labelled_grid.h"

#include "tests/support/expect.h"

namespace opsis {
namespace {

bool has_color(const Image& image, utils::Color c) {
  return ((image.data[0] == c.red) & (image.data[1] == c.green) & (image.data[2] == c.blue)).any().item<bool>();
}

TEST(LabelledGrid, EnlargesByWholePixelsAndMarks) {
  const auto digits = torch::zeros({3, 1, 8, 8}, torch::kUInt8);
  digits[0][0][0][0] = 77;
  const auto plain = utils::labelled_grid(digits, {"0", "1", "2"}, {.nrow = 2, .tile = 40});
  EXPECT_EQ((plain.data[0] == 77).logical_and(plain.data[1] == 77).sum().item<int64_t>(), 25);
  EXPECT_FALSE(has_color(plain, {214, 39, 40}));
  const auto marked = utils::labelled_grid(digits, {"0", "1", "2"}, {.nrow = 2, .tile = 40, .marked = {false, true, false}});
  EXPECT_EQ(marked.data.sizes(), plain.data.sizes());
  EXPECT_TRUE(has_color(marked, {214, 39, 40}));
}

TEST(LabelledGrid, TakesFloatsAndSizesOfAllKinds) {
  const auto level = torch::full({3, 6, 9}, 0.5);
  const auto out = utils::labelled_grid({Image(level), Image(torch::zeros({1, 1, 1})), Image(torch::ones({3, 100, 20}))},
                                        {"a long caption that is wider than its tile", "", "two\nlines"}, {.title = "Title"});
  EXPECT_EQ(out.data.scalar_type(), torch::kUInt8);
  EXPECT_TRUE(has_color(out, {128, 128, 128}));
}

TEST(LabelledGrid, SaysWhatIsWrong) {
  const auto images = torch::zeros({2, 1, 4, 4});
  EXPECT_ERROR(utils::labelled_grid(images, {"0"}), ValueError, "2 images need as many labels, got 1");
  EXPECT_ERROR(utils::labelled_grid(images, {"0", "1"}, {.marked = {true}}), ValueError, "as many marks or none, got 1");
  EXPECT_ERROR(utils::labelled_grid(images.narrow(0, 0, 0), {}), ValueError, "at least one image");
  EXPECT_ERROR(utils::labelled_grid(images, {"0", "1"}, {.nrow = 0}), ValueError, "nrow and tile must be at least 1");
  EXPECT_ERROR(utils::labelled_grid(torch::zeros({1, 2, 4, 4}), {"0"}), ValueError, "(3, H, W) or (1, H, W)");
  EXPECT_ERROR(utils::labelled_grid(images[0], {"0"}), ValueError, "a batch must be (N, C, H, W)");
}

}  // namespace
}  // namespace opsis
