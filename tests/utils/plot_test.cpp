#include "opsis/utils/plot.h"

#include <cmath>
#include <limits>

#include "opsis/utils/ticks.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

std::vector<std::string> labels(const std::vector<utils::Tick>& ticks) {
  std::vector<std::string> out;
  for (const auto& tick : ticks) out.push_back(tick.label);
  return out;
}

TEST(Ticks, AreRoundNumbers) {
  using Labels = std::vector<std::string>;
  EXPECT_EQ(labels(utils::ticks(0.03, 0.98, 5)), (Labels{"0.2", "0.4", "0.6", "0.8"}));
  EXPECT_EQ(labels(utils::ticks(0, 10, 5)), (Labels{"0", "2", "4", "6", "8", "10"}));
  EXPECT_EQ(labels(utils::ticks(-0.3, 0.3, 4)), (Labels{"-0.2", "0.0", "0.2"}));
  EXPECT_EQ(labels(utils::ticks(0.8, 3.2, 10, /*integers_only=*/true)), (Labels{"1", "2", "3"}));
  EXPECT_EQ(labels(utils::ticks(1e-7, 3e-7, 2)), (Labels{"1e-07", "2e-07", "3e-07"}));
  EXPECT_EQ(labels(utils::ticks(0, 3e7, 3)), (Labels{"0", "1e+07", "2e+07", "3e+07"}));
}

TEST(Ticks, SurviveExtremes) {
  for (const auto& [low, high] : {std::pair{1.0, std::nextafter(1.0, 2.0)}, {-1e300, 1e300}, {0.0, 5e-324}, {1e15, 1e15 + 1}}) {
    for (const auto& tick : utils::ticks(low, high, 5)) EXPECT_TRUE(std::isfinite(tick.value)) << low << " " << high;
  }
  EXPECT_ERROR(utils::ticks(1, 1, 5), ValueError, "low must be less than high");
  EXPECT_ERROR(utils::ticks(std::nan(""), 1, 5), ValueError, "low must be less than high");
}

TEST(Plot, DrawsEachSeriesInItsColor) {
  const auto image =
      utils::plot({{.label = "a", .y = {1, 2, 3}}, {.label = "b", .y = {3, 2, 1}, .color = utils::Color{200, 0, 0}}},
                  {.title = "Title", .x_label = "x", .y_label = "y", .width = 320, .height = 240});
  EXPECT_EQ(image.data.sizes(), (torch::IntArrayRef{3, 240, 320}));
  EXPECT_EQ(image.data.scalar_type(), torch::kUInt8);
  const auto count = [&](utils::Color c) {
    return ((image.data[0] == c.red) & (image.data[1] == c.green) & (image.data[2] == c.blue)).sum().item<int64_t>();
  };
  EXPECT_GT(count({31, 119, 180}), 100);
  EXPECT_GT(count({200, 0, 0}), 100);
  EXPECT_GT(count({255, 255, 255}), 240 * 320 / 2);
}

TEST(Plot, TakesWhatTrainingCanYield) {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  const std::vector<std::vector<utils::Series>> cases{{},
                                                      {{.label = "none"}},
                                                      {{.label = "one", .y = {0.5}}},
                                                      {{.y = {2, 2, 2}}},
                                                      {{.y = {0, 0}}},
                                                      {{.x = {1, 1}, .y = {1, 2}}},
                                                      {{.y = {nan, nan}}},
                                                      {{.label = "gap", .y = {1, nan, 2, infinity, -infinity, 3, 4}}},
                                                      {{.y = {-1e308, 1e308, 1}}},
                                                      {{.y = {1e-300, 2e-300}}},
                                                      {{.y = {-1e300, 1e300}}},
                                                      {{.x = {0, 1e-320}, .y = {0, 1e-320}}}};
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(utils::plot(cases[i]).data.sizes(), (torch::IntArrayRef{3, 480, 640}));
  }
}

TEST(Plot, SaysWhatIsWrong) {
  EXPECT_ERROR(utils::plot({{.label = "a", .x = {1}, .y = {1, 2}}}), ValueError,
               "x and y of \"a\" must be as long, got 1 and 2");
  EXPECT_ERROR(utils::plot({}, {.width = 20}), ValueError, "leaves no room");
  EXPECT_ERROR(utils::plot({}, {.width = -1, .height = -1}), ValueError, "leaves no room");
  EXPECT_ERROR(utils::plot({}, {.height = 1 << 20}), ValueError, "must not be over 20000");
  EXPECT_ERROR(utils::plot({}, {.y_low = 2, .y_high = 1}), ValueError, "y_low must be less than y_high");
}

TEST(SideBySide, KeepsEachImageWhole) {
  const auto a = torch::randint(0, 256, {3, 4, 5}, torch::kUInt8), b = torch::randint(0, 256, {3, 6, 2}, torch::kUInt8);
  const auto out = utils::side_by_side({Image(a), Image(b)}).data;
  EXPECT_EQ(out.sizes(), (torch::IntArrayRef{3, 6, 7}));
  EXPECT_TENSOR_EQ(out.narrow(1, 0, 4).narrow(2, 0, 5), a);
  EXPECT_TENSOR_EQ(out.narrow(2, 5, 2), b);
  EXPECT_TENSOR_EQ(out.narrow(1, 4, 2).narrow(2, 0, 5), torch::full({3, 2, 5}, 255, torch::kUInt8));
  EXPECT_ERROR(utils::side_by_side({}), ValueError, "at least one image");
  EXPECT_ERROR(utils::side_by_side({Image(torch::zeros({3, 2, 2}))}), ValueError, "(3, H, W) of uint8");
}

}  // namespace
}  // namespace opsis
