#include "opsis/utils/labelled_grid.h"

#include "tests/support/expect.h"

namespace opsis {
namespace {

bool has_color(const Image& image, utils::Color c) {
  return ((image.data[0] == c.red) & (image.data[1] == c.green) & (image.data[2] == c.blue)).any().item<bool>();
}

TEST(LabelledGrid, EnlargesByWholePixelsAndMarks) {
  const auto digit = torch::zeros({1, 8, 8}, torch::kUInt8);
  digit[0][0][0] = 77;
  const Image blank(torch::zeros_like(digit));
  std::vector<utils::LabelledImage> digits{{Image(digit), "0"}, {blank, "1"}, {blank, "2"}};
  const auto plain = utils::labelled_grid(digits, {.columns = 2, .tile_px = 40});
  EXPECT_EQ((plain.data[0] == 77).logical_and(plain.data[1] == 77).sum().item<int64_t>(), 25);
  EXPECT_FALSE(has_color(plain, {214, 39, 40}));
  digits[1].marked = true;
  const auto marked = utils::labelled_grid(digits, {.columns = 2, .tile_px = 40});
  EXPECT_EQ(marked.data.sizes(), plain.data.sizes());
  EXPECT_TRUE(has_color(marked, {214, 39, 40}));
}

TEST(LabelledGrid, TakesFloatsAndSizesOfAllKinds) {
  const auto level = torch::full({3, 6, 9}, 0.5);
  const auto out = utils::labelled_grid({{Image(level), "a long caption that is wider than its tile"},
                                         {Image(torch::zeros({1, 1, 1})), ""},
                                         {Image(torch::ones({3, 100, 20})), "two\nlines"}},
                                        {.title = "Title"});
  EXPECT_EQ(out.data.scalar_type(), torch::kUInt8);
  EXPECT_TRUE(has_color(out, {128, 128, 128}));
  EXPECT_TENSOR_EQ(level, torch::full({3, 6, 9}, 0.5));
}

TEST(LabelledGrid, SaysWhatIsWrong) {
  const auto grid_of = [](const Image& image, int64_t columns = 8) {
    return utils::labelled_grid(std::vector<utils::LabelledImage>{{image, "0"}}, {.columns = columns});
  };
  EXPECT_ERROR(utils::labelled_grid({}), ValueError, "at least one image");
  EXPECT_ERROR(grid_of(Image(torch::zeros({1, 4, 4})), 0), ValueError, "columns and tile_px must be at least 1");
  EXPECT_ERROR(grid_of(Image(torch::zeros({2, 4, 4}))), ValueError, "(3, H, W) or (1, H, W)");
  EXPECT_ERROR(grid_of(Image(torch::zeros({3, 4, 4}, torch::kInt64))), ValueError, "got Long");
  EXPECT_ERROR(grid_of(Image()), ValueError, "(3, H, W) or (1, H, W)");
}

}  // namespace
}  // namespace opsis
