#include "opsis/utils/draw_text.h"

#include <future>

#include "opsis/utils/font.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

Image white(int64_t height, int64_t width) { return Image(torch::full({3, height, width}, 255, torch::kUInt8)); }

// Rows and columns that hold ink: {top, bottom, left, right}, the latter of each pair exclusive.
std::vector<int64_t> inked(const torch::Tensor& image) {
  const auto ink = (image < 128).any(0);
  const auto rows = ink.any(1).nonzero(), columns = ink.any(0).nonzero();
  if (rows.numel() == 0) return {};
  return {rows.min().item<int64_t>(), rows.max().item<int64_t>() + 1, columns.min().item<int64_t>(),
          columns.max().item<int64_t>() + 1};
}

TEST(RenderText, HasOneHeightForASize) {
  EXPECT_EQ(utils::render_text("x", 20).height, utils::render_text("Agj|", 20).height);
  EXPECT_EQ(utils::render_text("", 20).height, utils::render_text("x", 20).height);
  EXPECT_EQ(utils::render_text("", 20).width, 0);
  EXPECT_GT(utils::render_text("a\nb", 20).height, utils::render_text("a", 20).height);
  EXPECT_EQ(utils::render_text("iiii\nww", 20).width, utils::render_text("ww", 20).width);
}

TEST(RenderText, HoldsEveryLetterWhole) {
  for (const double size : {1.0, 9.0, 14.0, 33.5, 100.0}) {
    for (char c = 0x20; c < 0x7F; ++c) {
      const auto alone = utils::render_text(std::string(1, c), size);
      ASSERT_EQ(alone.coverage.size(), static_cast<size_t>(alone.height * alone.width));
      if (size < 9 || c == ' ') continue;
      EXPECT_NE(*std::max_element(alone.coverage.begin(), alone.coverage.end()), 0) << c << " at " << size;
    }
  }
  // The tallest and the deepest letters of the font touch neither edge of the line.
  const auto line = utils::render_text("(|)[]{}Qgjpqy@/\\$", 100);
  const auto empty_row = [&](int64_t y) {
    return std::all_of(line.coverage.begin() + y * line.width, line.coverage.begin() + (y + 1) * line.width,
                       [](uint8_t c) { return c == 0; });
  };
  EXPECT_TRUE(empty_row(0));
  EXPECT_TRUE(empty_row(line.height - 1));
}

TEST(RenderText, ShowsOneMarkForWhatItLacks) {
  EXPECT_EQ(utils::render_text("\xC3\xA9\xE2\x82\xAC\t", 20).coverage, utils::render_text("???", 20).coverage);
}

// Letters are kept as they were drawn, until another size is asked for or there are too many.
TEST(RenderText, DrawsALetterAgainAsAtFirst) {
  const auto first = utils::render_text("person 0.98", 14);
  EXPECT_EQ(utils::render_text("person 0.98", 14).coverage, first.coverage);
  EXPECT_NE(utils::render_text("person 0.98", 15).coverage, first.coverage);
  EXPECT_EQ(utils::render_text("person 0.98", 14).coverage, first.coverage);
  const auto large = utils::render_text("@#%&", 900);
  EXPECT_EQ(utils::render_text("@#%&", 900).coverage, large.coverage);
  std::future<utils::TextBitmap> elsewhere =
      std::async(std::launch::async, [] { return utils::render_text("person 0.98", 14); });
  EXPECT_EQ(elsewhere.get().coverage, first.coverage);
}

TEST(RenderText, SaysWhatIsWrong) {
  EXPECT_ERROR(utils::render_text("a", 0), ValueError, "size_px must be from 1 to 1000, got 0");
  EXPECT_ERROR(utils::render_text("a", std::nan("")), ValueError, "size_px must be from 1 to 1000");
  EXPECT_ERROR(utils::render_text(std::string(100'000, 'm'), 1000), ValueError, "too long");
}

TEST(DrawText, PutsTheAnchorAtThePlace) {
  const auto image = white(60, 100);
  const auto at = [&](utils::Anchor anchor) {
    return inked(utils::draw_text(image, "HH", 50, 30, {.size_px = 20, .anchor = anchor}).data);
  };
  const auto corner = at(utils::Anchor::TopLeft);
  EXPECT_GE(corner[0], 30);
  EXPECT_GE(corner[2], 50);
  EXPECT_LT(corner[2], 54);
  const auto opposite = at(utils::Anchor::BottomRight);
  EXPECT_LE(opposite[1], 30);
  EXPECT_LE(opposite[3], 50);
  const auto center = at(utils::Anchor::Center);
  EXPECT_NEAR(static_cast<double>(center[2] + center[3]) / 2, 50, 1.5);
  EXPECT_NEAR(static_cast<double>(center[0] + center[1]) / 2, 30, 2.5);
}

TEST(DrawText, LeavesTheInputAndTheRestAlone) {
  const auto image = white(30, 60);
  const auto out = utils::draw_text(image, "a", 5, 5, {.color = {200, 0, 0}, .background = utils::Color{0, 0, 200}});
  EXPECT_TENSOR_EQ(image.data, white(30, 60).data);
  EXPECT_TENSOR_EQ(out.data.narrow(2, 30, 30), image.data.narrow(2, 30, 30));
  EXPECT_EQ(out.data[2][6][6].item<int>(), 200);
  EXPECT_EQ(out.data[0][6][6].item<int>(), 0);
}

TEST(DrawText, IsCutAtTheEdges) {
  for (const auto& [x, y] : {std::pair{-10.0, -5.0}, {35.0, 25.0}, {1e12, 0.0}, {0.0, -1e300}}) {
    EXPECT_EQ(utils::draw_text(white(30, 40), "Wide words", x, y).data.sizes(), (torch::IntArrayRef{3, 30, 40}));
  }
  EXPECT_EQ(utils::draw_text(white(1, 1), "a", 0, 0).data.numel(), 3);
  EXPECT_EQ(utils::draw_text(white(0, 5), "a", 0, 0).data.numel(), 0);
}

TEST(DrawText, TakesChannelsLast) {
  const auto image = torch::randint(0, 256, {3, 30, 40}, torch::kUInt8);
  const auto strided = image.permute({1, 2, 0}).contiguous().permute({2, 0, 1});
  EXPECT_TENSOR_EQ(utils::draw_text(Image(strided), "ab", 3, 3).data, utils::draw_text(Image(image), "ab", 3, 3).data);
  const auto row = image.narrow(1, 0, 1).expand({3, 30, 40});
  EXPECT_TENSOR_EQ(utils::draw_text(Image(row), "ab", 3, 3).data, utils::draw_text(Image(row.contiguous()), "ab", 3, 3).data);
}

TEST(DrawText, SaysWhatIsWrong) {
  EXPECT_ERROR(utils::draw_text(Image(torch::zeros({3, 4, 4})), "a", 0, 0), ValueError,
               "draw_text: the image must be uint8, got Float");
  EXPECT_ERROR(utils::draw_text(Image(torch::zeros({1, 4, 4}, torch::kUInt8)), "a", 0, 0), ValueError, "must be (3, H, W)");
  EXPECT_ERROR(utils::draw_text(Image(), "a", 0, 0), ValueError, "undefined");
}

}  // namespace
}  // namespace opsis
