// Flow and disparity follow what transforms do to their pictures.
#include <torch/torch.h>

#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "opsis/core/random.h"
#include "opsis/datasets/examples.h"
#include "opsis/transforms.h"
#include "tests/support/expect.h"

namespace opsis::datasets {
namespace {

constexpr Size kFrame{24, 32};

Image drawn_frame() { return Image(torch::randint(0, 256, {3, kFrame.height, kFrame.width}, torch::kUInt8)); }

FlowExample drawn_flow() {
  torch::manual_seed(4);
  return {drawn_frame(), drawn_frame(), torch::randn({2, kFrame.height, kFrame.width}),
          torch::rand({kFrame.height, kFrame.width}) < 0.7};
}

StereoExample drawn_stereo() {
  torch::manual_seed(5);
  return {drawn_frame(), drawn_frame(), 9 * torch::rand({1, kFrame.height, kFrame.width}),
          torch::rand({kFrame.height, kFrame.width}) < 0.7};
}

// Each of the two channels by a factor of its own.
torch::Tensor by_channel(const torch::Tensor& flow, double x, double y) { return torch::stack({flow[0] * x, flow[1] * y}); }

TEST(FlowExample, IsMirroredWithItsVectors) {
  using namespace transforms;  // NOLINT
  const auto plain = drawn_flow();
  const auto across = RandomHorizontalFlip(1.0)(plain), down = RandomVerticalFlip(1.0)(plain);
  EXPECT_TENSOR_EQ(across.first.data, plain.first.data.flip(-1));
  EXPECT_TENSOR_EQ(across.flow, by_channel(plain.flow, -1, 1).flip(-1));
  EXPECT_TENSOR_EQ(across.valid, plain.valid.flip(-1));
  EXPECT_TENSOR_EQ(down.flow, by_channel(plain.flow, 1, -1).flip(-2));
  EXPECT_TENSOR_EQ(down.valid, plain.valid.flip(-2));
  const auto twice = Compose{RandomHorizontalFlip(1.0), RandomHorizontalFlip(1.0)}(plain);
  EXPECT_TENSOR_EQ(twice.flow, plain.flow);
}

TEST(FlowExample, IsCutAndPaddedAsItsFrames) {
  using namespace transforms;  // NOLINT
  const auto plain = drawn_flow();
  const auto middle = CenterCrop({10, 12})(plain);
  EXPECT_TENSOR_EQ(middle.flow, plain.flow.slice(1, 7, 17).slice(2, 10, 22));
  EXPECT_TENSOR_EQ(middle.valid, plain.valid.slice(0, 7, 17).slice(1, 10, 22));
  // With a fill that could be a mask's number too.
  for (const int64_t fill : {0, 1, 2, 255}) {
    SCOPED_TRACE(fill);
    const auto padded = Pad({2, 3}, {.fill = fill})(plain);
    EXPECT_TENSOR_EQ(padded.flow, torch::constant_pad_nd(plain.flow, {2, 2, 3, 3}, 0));
    EXPECT_TENSOR_EQ(padded.valid, torch::constant_pad_nd(plain.valid, {2, 2, 3, 3}, 0));
    EXPECT_EQ(padded.valid.scalar_type(), torch::kBool);
  }
}

TEST(FlowExample, VectorsGrowWithTheFrames) {
  using namespace transforms;  // NOLINT
  const auto plain = drawn_flow();
  const auto larger = Resize({2 * kFrame.height, 4 * kFrame.width})(plain);
  EXPECT_TENSOR_EQ(larger.flow, by_channel(plain.flow, 4, 2).repeat_interleave(2, 1).repeat_interleave(4, 2));
  EXPECT_TENSOR_EQ(larger.valid, plain.valid.repeat_interleave(2, 0).repeat_interleave(4, 1));
  EXPECT_EQ(larger.flow.scalar_type(), torch::kFloat32);
}

TEST(FlowExample, WhatMovesNoPixelLeavesIt) {
  using namespace transforms;  // NOLINT
  const auto plain = drawn_flow();
  const auto colored = Compose{ColorJitter({.brightness = 0.5}), ToDtype(torch::kFloat32, {.scale = true})}(plain);
  EXPECT_TRUE(colored.flow.is_same(plain.flow));
  EXPECT_TRUE(colored.valid.is_same(plain.valid));
}

TEST(FlowExample, KeepsItsNumbersWhateverTypeMasksAreGiven) {
  using namespace transforms;  // NOLINT
  auto plain = drawn_flow();
  plain.valid = plain.valid.to(torch::kUInt8) * 255;
  const auto valid = plain.valid.clone();
  for (const auto type : {torch::kFloat16, torch::kInt64}) {
    const PerKind<MaybeDtype> types{.image = torch::kFloat32, .mask = type, .others = unchanged};
    const auto out = Compose{ToDtype(types), RandomHorizontalFlip(1.0)}(plain);
    EXPECT_TENSOR_EQ(out.flow, by_channel(plain.flow, -1, 1).flip(-1));
    EXPECT_TENSOR_EQ(out.valid, valid.flip(-1));
    EXPECT_TENSOR_EQ(ToDtype(types)(plain).flow, plain.flow);
  }
  auto stereo = drawn_stereo();
  stereo.disparity = stereo.disparity.to(torch::kFloat64);
  EXPECT_TENSOR_EQ(ConvertImageDtype(torch::kFloat32)(stereo).disparity, stereo.disparity);
  EXPECT_TENSOR_EQ(plain.valid, valid);
}

TEST(FlowExample, NothingIsMadeOfWhatADataSetHasNot) {
  using namespace transforms;  // NOLINT
  const Compose train{RandomHorizontalFlip(1.0), Pad(1)};
  auto example = drawn_flow();
  example.valid = torch::Tensor();
  const auto all_valid = train(example);
  EXPECT_FALSE(all_valid.valid.defined());
  EXPECT_TENSOR_EQ(all_valid.flow, torch::constant_pad_nd(by_channel(example.flow, -1, 1).flip(-1), {1, 1, 1, 1}, 0));
  example.flow = torch::Tensor();
  const auto frames = train(example);
  EXPECT_FALSE(frames.flow.defined());
  EXPECT_EQ(frames.first.data.size(-1), kFrame.width + 2);
  EXPECT_FALSE(RandomHorizontalFlip(1.0)(StereoExample{drawn_frame(), drawn_frame()}).disparity.defined());
}

TEST(FlowExample, WhatIsNotKnownStaysSo) {
  using namespace transforms;  // NOLINT
  auto example = drawn_flow();
  example.flow[0][3][5] = std::numeric_limits<float>::infinity();
  example.flow[1][4][6] = std::numeric_limits<float>::quiet_NaN();
  const auto mirrored = RandomVerticalFlip(1.0)(example).flow;
  EXPECT_TRUE(mirrored[0][kFrame.height - 4][5].isinf().item<bool>());
  EXPECT_TRUE(mirrored[1][kFrame.height - 4][5].isfinite().item<bool>());
  EXPECT_TRUE(mirrored[1][kFrame.height - 5][6].isnan().item<bool>());
}

// Whatever an affine transform does, a vector leads from where it began to where it ended: as key points there do.
TEST(FlowExample, LeadsWhereKeyPointsGo) {
  using namespace transforms;  // NOLINT
  const std::vector<AnyTransform> moves{
      RandomRotation({30, 30}),
      RandomRotation({90, 90}, {.expand = true}),
      RandomAffine({10, 20}, {.translate = {{0.1, 0.2}}, .scale = {{0.5, 1.5}}, .shear = {5}}),
      RandomResizedCrop({20, 50}),
      RandomCrop({30, 30}, {.padding = {4}, .pad_if_needed = true}),
      ScaleJitter({40, 40}),
      RandomZoomOut({.p = 1.0}),
      Compose{Resize({17, 43}), RandomHorizontalFlip(1.0), RandomRotation({-50, 50})}};
  const random::Scope scope(8);
  for (const auto& move : moves) {
    SCOPED_TRACE(move.repr());
    auto example = drawn_flow();
    example.flow = torch::tensor({3.0F, -2.0F}).view({2, 1, 1}).expand({2, kFrame.height, kFrame.width}).contiguous();
    example.valid.fill_(true);
    const KeyPoints ends(torch::tensor({{10.0, 9.0}, {13.0, 7.0}}, torch::kFloat64), {kFrame.height, kFrame.width});
    const auto [moved, points] = move(example, ends);
    ASSERT_TRUE(moved.valid.any().item<bool>());
    EXPECT_EQ(moved.flow.sizes().slice(1), moved.first.data.sizes().slice(1));
    EXPECT_EQ(moved.valid.sizes(), moved.first.data.sizes().slice(1));
    const auto expected = (points.data[1] - points.data[0]).to(torch::kFloat32);
    const auto vectors = moved.flow.permute({1, 2, 0});
    const auto known = vectors.index({moved.valid});
    EXPECT_TENSOR_NEAR(known, expected.expand_as(known), 0, 1e-4);  // matrices in float32 on both ways
    EXPECT_TRUE((vectors.index({moved.valid.logical_not()}) == 0).all().item<bool>());
  }
}

TEST(FlowExample, IsRecordedReplayedAndTakenBack) {
  using namespace transforms;  // NOLINT
  const auto plain = drawn_flow();
  const random::Scope scope(2);
  const Compose train{RandomHorizontalFlip(1.0), RandomCrop({kFrame.height - 4, kFrame.width - 6})};
  const auto [out, record] = train.record(plain);
  EXPECT_TENSOR_EQ(train.replay(record, plain).flow, out.flow);
  const auto back = train.invert(record, out);
  EXPECT_EQ(back.flow.sizes(), plain.flow.sizes());
  EXPECT_EQ(back.valid.sum().item<int64_t>(), out.valid.sum().item<int64_t>());
  EXPECT_TENSOR_EQ(back.flow.index({torch::indexing::Slice(), back.valid}),
                   plain.flow.index({torch::indexing::Slice(), back.valid}));
}

TEST(FlowExample, RefusesWhatBendsItsFrames) {
  using namespace transforms;  // NOLINT
  const auto plain = drawn_flow();
  EXPECT_ERROR(RandomPerspective(0.5, {.p = 1.0})(plain), ValueError,
               "FlowExample: transforms must move all pixels by one affine map");
  EXPECT_ERROR(ElasticTransform()(plain), ValueError, "FlowExample: transforms must move all pixels by one affine map");
  EXPECT_ERROR((Compose{CenterCrop({8, 8}), SanitizeKeyPoints()}(plain)), ValueError,
               "FlowExample: flow and disparity are carried by masks and key points, which transforms must not take out");
  auto unlike = plain;
  unlike.valid = torch::ones({2, 2}, torch::kBool);
  EXPECT_ERROR(Resize({8, 8})(unlike), ValueError, "FlowExample: valid must be (24, 32), as its picture, got (2, 2)");
}

TEST(StereoExample, DisparityFollowsItsPictures) {
  using namespace transforms;  // NOLINT
  const auto plain = drawn_stereo();
  const auto larger = Resize({3 * kFrame.height, 2 * kFrame.width})(plain);
  EXPECT_TENSOR_EQ(larger.disparity, (plain.disparity * 2).repeat_interleave(3, 1).repeat_interleave(2, 2));
  EXPECT_TENSOR_EQ(larger.valid, plain.valid.repeat_interleave(3, 0).repeat_interleave(2, 1));
  const auto turned_over = Compose{RandomVerticalFlip(1.0), CenterCrop({10, 12})}(plain);
  EXPECT_TENSOR_EQ(turned_over.disparity, plain.disparity.flip(-2).slice(1, 7, 17).slice(2, 10, 22));
  auto precise = plain;  // as Kitti's
  precise.disparity = precise.disparity.to(torch::kFloat64);
  EXPECT_EQ(Pad(1)(precise).disparity.scalar_type(), torch::kFloat64);
}

TEST(StereoExample, RefusesToExchangeItsCameras) {
  using namespace transforms;  // NOLINT
  const auto plain = drawn_stereo();
  EXPECT_ERROR(RandomHorizontalFlip(1.0)(plain), ValueError,
               "StereoExample: pictures of two cameras must not be mirrored from left to right, nor turned");
  EXPECT_ERROR(RandomRotation({5, 5})(plain), ValueError, "nor turned, got a transform that does; leave it out");
}

}  // namespace
}  // namespace opsis::datasets
