#include "opsis/tasks/flow_estimator.h"

#include <torch/torch.h>

#include <future>

#include "opsis/io/image.h"
#include "opsis/models/registry.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using models::FlowModel;
using tasks::FlowEstimator;

// Says that everything goes right by the first image's red, and down by the number of updates.
struct Drift final : FlowModel {
  Drift() : FlowModel("Drift") {}
  using FlowModel::forward;
  torch::Tensor forward(torch::Tensor first, torch::Tensor second, int64_t updates) override {
    EXPECT_EQ(first.sizes(), second.sizes());
    sizes.push_back(first.sizes().vec());
    const auto red = first.select(1, 0);
    return torch::stack({red, torch::full_like(red, static_cast<double>(updates))}, 1);
  }
  std::vector<torch::Tensor> outputs(torch::Tensor first, torch::Tensor second, int64_t updates) override {
    return {forward(std::move(first), std::move(second), updates)};
  }
  std::vector<std::vector<int64_t>> sizes;
};

TEST(FlowEstimator, AnswersInThePicturesOwnPixels) {
  const auto model = std::make_shared<Drift>();
  const FlowEstimator estimator(model, {16, 32}, 3);
  const Image first(torch::rand({3, 21, 13})), second(torch::rand({3, 21, 13}));
  tasks::Timings timings{-1, -1, -1};
  const auto flow = estimator(first, second, &timings);
  EXPECT_EQ(model->sizes.at(0), (std::vector<int64_t>{1, 3, 24, 32}));
  EXPECT_TENSOR_NEAR(flow[0], first.data[0] * 2 - 1, 1e-6, 0);
  EXPECT_TENSOR_EQ(flow[1], torch::full({21, 13}, 3.0));
  EXPECT_GE(timings.model_ms, 0);
  const std::vector<std::pair<tasks::Picture, tasks::Picture>> pairs{
      {first, second}, {Image(torch::rand({3, 1, 1})), Image(torch::rand({3, 1, 1}))}, {second, first}};
  const auto flows = estimator(pairs);
  ASSERT_EQ(flows.size(), 3);
  EXPECT_EQ(model->sizes.size(), 3);  // two of the pairs went together
  EXPECT_TENSOR_EQ(flows[0], flow);
  EXPECT_EQ(flows[1].sizes(), (std::vector<int64_t>{2, 1, 1}));
}

TEST(FlowEstimator, IsWarmedUpByAPairOfTheSize) {
  const auto model = std::make_shared<Drift>();
  FlowEstimator(model, {16, 32}, 3).warm_up({21, 45});
  EXPECT_EQ(model->sizes, (std::vector<std::vector<int64_t>>{{1, 3, 24, 48}}));
}

TEST(FlowEstimator, TakesFilesAndBuffersTogether) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "frame.png";
  const Image image(torch::randint(0, 256, {3, 21, 13}, torch::kUInt8));
  io::write_png(image, file);
  const auto rows = image.data.permute({1, 2, 0}).contiguous();
  const tasks::PixelBuffer frame{rows.const_data_ptr<uint8_t>(), 21, 13, 39};
  const FlowEstimator estimator(std::make_shared<Drift>(), {16, 16}, 3);
  const auto expected = estimator(image, image);
  EXPECT_TENSOR_EQ(estimator(file, frame), expected);
  const std::vector<std::pair<tasks::Picture, tasks::Picture>> pairs{{frame, image}, {image, file}, {file, file}};
  for (const auto& flow : estimator(pairs)) EXPECT_TENSOR_EQ(flow, expected);
  const std::vector<std::pair<tasks::Picture, tasks::Picture>> bad{{frame, image}, {image, "missing.png"}};
  EXPECT_ERROR(estimator(bad), IoError, "FlowEstimator: inputs[1]: cannot open missing.png");
  EXPECT_ERROR(estimator(image, "missing.png"), IoError, "cannot open missing.png");
}

TEST(FlowEstimator, OfPicturesThatFitIsItsModels) {
  torch::manual_seed(0);
  const auto model = models::get_model<FlowModel>("raft_small");
  model->eval();
  const FlowEstimator estimator(model, {128, 128}, 2);
  const torch::NoGradGuard no_grad;
  const Image first(torch::randint(0, 256, {3, 128, 136}, torch::kUInt8)), second(first.data.roll(1, 2));
  const auto [one, other] = transforms::OpticalFlow()(first, second);
  const auto expected = model->forward(one.data.unsqueeze(0), other.data.unsqueeze(0), 2)[0];
  EXPECT_TENSOR_NEAR(estimator(first, second), expected, 1e-5, 0);
}

TEST(FlowEstimator, IsCalledFromManyThreads) {
  torch::manual_seed(0);
  const FlowEstimator estimator(models::get_model<FlowModel>("raft_small"), {128, 128}, 1);
  const Image first(torch::randint(0, 256, {3, 128, 128}, torch::kUInt8)), second(first.data.roll(1, 2));
  const auto expected = estimator(first, second);
  std::vector<std::future<torch::Tensor>> found;
  for (int i = 0; i < 3; ++i) found.push_back(std::async(std::launch::async, [&] { return estimator(first, second); }));
  for (auto& future : found) EXPECT_TENSOR_NEAR(future.get(), expected, 1e-5, 0);
}

TEST(FlowEstimator, RefusesUnlikePicturesAndOtherModels) {
  const FlowEstimator estimator(std::make_shared<Drift>());
  EXPECT_ERROR(estimator(Image(torch::rand({3, 8, 8})), Image(torch::rand({3, 8, 9}))), ValueError,
               "FlowEstimator: both images must be alike, got (3, 8, 8) and (3, 8, 9)");
  EXPECT_ERROR(estimator(Image(torch::rand({1, 8, 8})), Image(torch::rand({1, 8, 8}))), ValueError,
               "FlowEstimator: the image must be (3, H, W), got (1, 8, 8)");
  EXPECT_ERROR(estimator(Image(torch::zeros({3, 8, 0}, torch::kUInt8)), Image(torch::zeros({3, 8, 0}, torch::kUInt8))),
               ValueError, "FlowEstimator: the image must have pixels, got (3, 8, 0)");
  EXPECT_ERROR(FlowEstimator("resnet18"), ValueError, "its preset is that of another task: image classification");
  EXPECT_ERROR(FlowEstimator(std::make_shared<Drift>(), {128, 128}, 0), ValueError,
               "FlowEstimator: num_flow_updates must be positive, got 0");
}

}  // namespace
}  // namespace opsis
