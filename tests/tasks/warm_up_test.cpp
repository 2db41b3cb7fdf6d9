// warm_up of detectors, whose network is recorded when a size comes for the second time.
#include <torch/torch.h>

#include <atomic>

#include "opsis/models/optimize.h"
#include "opsis/tasks/detector.h"
#include "opsis/tasks/keypoint_detector.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using models::Detection;
using models::DetectionModel;

// Finds one thing with one point in every picture, and counts how often its network is asked.
struct Counted final : DetectionModel {
  Counted() : DetectionModel("Counted") {
    conv = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 4, 3).padding(1)));
    eval();
  }
  ops::FeatureMaps network(torch::Tensor batch) override {
    ++looked;
    ops::FeatureMaps maps;
    maps.emplace_back("0", torch::relu(conv->forward(batch)));
    return maps;
  }
  std::vector<Detection> detect(const std::vector<torch::Tensor>& images, const Network& see) override {
    const auto map = see(torch::stack(images)).at(0).second;
    std::vector<Detection> found(images.size());
    for (size_t i = 0; i < found.size(); ++i) {
      const auto corner = torch::tensor({0.F, 0.F, 1.F, 1.F}).view({1, 4});
      found[i] = {corner, torch::ones({1}), torch::ones({1}, torch::kInt64)};
      found[i].keypoints = map[static_cast<int64_t>(i)].slice(0, 0, 3).mean({1, 2}).view({1, 1, 3});
      found[i].keypoints_scores = torch::ones({1, 1});
    }
    return found;
  }
  models::DetectionLosses learn(const std::vector<torch::Tensor>&, const std::vector<models::DetectionTarget>&) override {
    return {};
  }
  torch::nn::Conv2d conv{nullptr};
  std::atomic<int> looked = 0;
};

Image any_picture(int64_t height, int64_t width) { return Image(torch::randint(0, 256, {3, height, width}, torch::kUInt8)); }

template <class Task>
void expect_warmed_up(const Task& task, const Counted& model) {
  task.warm_up({20, 30});
  const int warm = model.looked;
  EXPECT_GT(warm, 0);
  EXPECT_EQ(task(any_picture(20, 30)).size(), 1);
  EXPECT_EQ(model.looked, warm);  // the program is asked in its place
  task(any_picture(30, 20));
  EXPECT_EQ(model.looked, warm + 1);
}

TEST(Detector, IsQuickFromTheFirstPictureOnOfASizeThatItWasWarmedUpFor) {
  const auto model = std::make_shared<Counted>();
  expect_warmed_up(tasks::Detector(models::optimize(model), {}), *model);
}

TEST(KeypointDetector, IsQuickFromTheFirstPictureOnOfASizeThatItWasWarmedUpFor) {
  const auto model = std::make_shared<Counted>();
  expect_warmed_up(tasks::KeypointDetector(models::optimize(model)), *model);
  EXPECT_ERROR(tasks::KeypointDetector(models::optimize(model)).warm_up({0, 4}), ValueError,
               "warm_up: the size must be positive, got (0, 4)");
}

}  // namespace
}  // namespace opsis
