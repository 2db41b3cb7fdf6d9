// Fitting into a detector's input, and back.
#include "opsis/transforms/letterbox.h"

#include "opsis/core/random.h"
#include "opsis/transforms.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using namespace transforms;

Image gray(int64_t height, int64_t width) { return Image(torch::full({3, height, width}, 200, torch::kUInt8)); }

TEST(Letterbox, KeepsTheRatioAndPadsTheRest) {
  const auto out = Letterbox(64)(gray(48, 128)).data;
  EXPECT_EQ(out.sizes(), (std::vector<int64_t>{3, 64, 64}));
  EXPECT_TRUE(out.slice(1, 20, 44).eq(200).all().item<bool>());
  EXPECT_TRUE(out.slice(1, 0, 20).eq(114).all().item<bool>());
  EXPECT_TRUE(out.slice(1, 44).eq(114).all().item<bool>());
}

TEST(Letterbox, PadsOnlyToAMultipleOfTheStride) {
  EXPECT_EQ(Letterbox(640, {.stride = 32})(gray(480, 1280)).data.sizes(), (std::vector<int64_t>{3, 256, 640}));
  EXPECT_EQ(Letterbox({64, 96}, {.stride = 32})(gray(64, 96)).data.sizes(), (std::vector<int64_t>{3, 64, 96}));
}

TEST(Letterbox, LeavesSmallPicturesAtTheirSizeWhenAsked) {
  const auto layout = Letterbox(64, {.scale_up = false, .center = false}).layout({20, 30});
  EXPECT_EQ(layout.picture, (Size{20, 30}));
  EXPECT_EQ(layout.left, 0);
  EXPECT_EQ(layout.bottom, 44);
  EXPECT_EQ(Letterbox(64).layout({20, 30}).picture, (Size{43, 64}));
}

TEST(Letterbox, PadsMasksWithZero) {
  const auto mask = Letterbox(8)(Mask(torch::ones({4, 8}, torch::kInt64))).data;
  EXPECT_EQ(mask.sum().item<int64_t>(), 32);
}

TEST(Letterbox, InvertsExactly) {
  const random::Scope scope(1);
  for (int trial = 0; trial < 200; ++trial) {
    const Size canvas{random::integer(1, 300), random::integer(1, 300)};
    const Size size{random::integer(1, 200), random::integer(1, 200)};
    const Letterbox fit({size.height, size.width},
                        {.stride = 8 * random::integer(0, 3), .scale_up = trial % 2 == 0, .center = trial % 3 > 0});
    const auto extent = torch::tensor({canvas.width, canvas.height}, torch::kFloat64);
    const auto corners = torch::rand({6, 2, 2}, random::current(), torch::kFloat64) * extent;
    const auto [low, at_low] = corners.min(1);
    const auto [high, at_high] = corners.max(1);
    const BoundingBoxes boxes(torch::cat({low, high}, 1), BoundingBoxFormat::XYXY, canvas);
    const KeyPoints points(corners.reshape({12, 2}), canvas);
    const auto [out, record] = fit.record(boxes, points);
    const auto [boxes_back, points_back] = fit.invert(record, std::get<0>(out), std::get<1>(out));
    EXPECT_TENSOR_NEAR(boxes_back.data, boxes.data, 2e-7, 1e-6);  // the factors are float32, in either direction
    EXPECT_TENSOR_NEAR(points_back.data, points.data, 2e-7, 1e-6);
    EXPECT_EQ(boxes_back.canvas_size, canvas);
    EXPECT_EQ(points_back.canvas_size, canvas);
  }
}

TEST(Letterbox, PutsMasksBack) {
  const auto mask = Mask(torch::randint(1, 9, {40, 60}));
  const Letterbox larger(120);
  const auto [out, record] = larger.record(mask);
  EXPECT_TENSOR_EQ(larger.invert(record, out).data, mask.data);  // no pixel is lost on the way up
}

TEST(Letterbox, PrintsItsCodeAndItsJson) {
  const Letterbox fit({640, 640}, {.stride = 32});
  EXPECT_EQ(fit.code(), "Letterbox({640, 640}, {.stride = 32})");
  EXPECT_EQ(fit.to_json().dump(), R"({"name":"Letterbox","size":[640,640],"stride":32})");
  EXPECT_EQ(transform_from_json(fit.to_json().dump()).code(), fit.code());
}

TEST(Letterbox, RefusesWhatHasNoSize) {
  EXPECT_ERROR(Letterbox({1, 2, 3}), ValueError, "Letterbox: size must have 1 or 2 numbers, got 3");
  EXPECT_ERROR(Letterbox({0, 2}), ValueError, "Letterbox: size must be positive, got (0, 2)");
  EXPECT_ERROR(Letterbox(8, {.stride = -1}), ValueError, "Letterbox: stride must be 0 or more, got -1");
  EXPECT_ERROR(Letterbox(8)(Image(torch::zeros({3, 0, 4}))), ValueError, "Letterbox: an empty picture has no ratio to keep");
}

}  // namespace
}  // namespace opsis
