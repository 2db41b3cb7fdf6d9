#include <torch/torch.h>

#include "opsis/models.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"
#include "tests/support/table_draws.h"

namespace opsis {
namespace {

using models::Detection;
using models::DetectionModel;
using models::DetectionTarget;
using models::detection::GeneralizedRCNNImpl;

std::shared_ptr<GeneralizedRCNNImpl> random_rcnn(const std::string& name, models::ModelOptions options = {}) {
  options.weights_backbone = "";
  return models::get_model<GeneralizedRCNNImpl>(name, options);
}

std::vector<torch::Tensor> pictures(const oracle::Case& c) { return {c.tensor("image_0"), c.tensor("image_1")}; }

std::vector<DetectionTarget> targets(const oracle::Case& c) {
  std::vector<DetectionTarget> found;
  for (const std::string name : {"target_0_", "target_1_"}) {
    found.push_back(
        {c.tensor(name + "boxes"), c.tensor(name + "labels"), c.tensor(name + "masks"), c.tensor(name + "keypoints")});
  }
  return found;
}

// As make_quick in tests/oracle/models_detection.py.
void make_quick(GeneralizedRCNNImpl& model) {
  const torch::NoGradGuard no_grad;
  model.transform->options.min_size = {64, 72};
  model.transform->options.max_size = 120;
  auto& rpn = model.rpn->options;
  rpn.pre_nms_top_n_train = 100, rpn.pre_nms_top_n_test = 60, rpn.post_nms_top_n_train = 50, rpn.post_nms_top_n_test = 30;
  auto& box = model.roi_heads->options;
  box.batch_size_per_image = 32, box.score_thresh = 0.02, box.detections_per_img = 12;
  model.roi_heads->box_predictor->cls_score->weight *= 10;
  model.roi_heads->box_predictor->bbox_pred->weight *= 10;
  for (const auto& module : model.modules()) {
    if (auto* norm = module->as<torch::nn::BatchNorm2d>()) norm->options.momentum(1.0);
  }
}

torch::Tensor sample(const torch::Tensor& tensor) {
  return tensor.flatten().slice(0, 0, std::nullopt, tensor.numel() / 32 + 1);
}

void expect_same_training(DetectionModel& model, const oracle::Case& c) {
  model.train();
  torch::manual_seed(1);
  const auto losses = model.losses(pictures(c), targets(c));
  losses.sum().backward();
  EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw_after"));
  std::vector<std::string> names;
  const auto expected = c.tensor("losses");
  for (const auto& [name, loss] : losses) {
    SCOPED_TRACE(name);
    EXPECT_TENSOR_NEAR(loss.detach(), expected[static_cast<int64_t>(names.size())], 1e-4, 0);
    names.push_back(name);
  }
  EXPECT_EQ(names, c.texts("loss_names"));

  std::vector<std::string> learning;
  const auto norms = c.tensor("gradient_norms"), samples = c.tensor("gradient_samples");
  int64_t begin = 0;
  for (const auto& parameter : model.named_parameters()) {
    const auto gradient = parameter.value().grad();
    if (!gradient.defined()) continue;
    SCOPED_TRACE(parameter.key());
    EXPECT_TENSOR_NEAR(gradient.to(torch::kFloat64).norm(), norms[static_cast<int64_t>(learning.size())], 1e-4, 1e-7);
    learning.push_back(parameter.key());
    const auto some = sample(gradient);
    EXPECT_TENSOR_NEAR(some, samples.slice(0, begin, begin + some.numel()), 1e-3, 1e-7);
    begin += some.numel();
  }
  EXPECT_EQ(learning, c.texts("gradient_names"));
}

void expect_same_found(DetectionModel& model, const oracle::Case& c) {
  const torch::NoGradGuard no_grad;
  model.eval();
  const auto found = model.forward(pictures(c));
  ASSERT_EQ(found.size(), 2);
  for (size_t i = 0; i < found.size(); ++i) {
    SCOPED_TRACE(i);
    const auto expect_same = [&](const std::string& name, const torch::Tensor& part) {
      SCOPED_TRACE(name);
      const auto key = "found_" + std::to_string(i) + "_" + name;
      EXPECT_EQ(part.defined(), c.has_tensor(key));
      if (part.defined()) EXPECT_TENSOR_NEAR(part, c.tensor(key), 1e-4, 0);
    };
    EXPECT_TENSOR_EQ(found[i].labels, c.tensor("found_" + std::to_string(i) + "_labels"));
    expect_same("boxes", found[i].boxes);
    expect_same("scores", found[i].scores);
    expect_same("masks", found[i].masks);
    expect_same("keypoints", found[i].keypoints);
    expect_same("keypoints_scores", found[i].keypoints_scores);
    EXPECT_GT(found[i].boxes.size(0), 3);
  }
}

// A test a model, so that they can run side by side.
class RCNNByName : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, RCNNByName,
                         ::testing::ValuesIn(models::list_models({.module = "models::detection", .include = {"*rcnn*"}})),
                         [](const auto& info) { return info.param; });

TEST_P(RCNNByName, FromTheSameSeedIsTorchvisionsLearnsAndFindsTheSame) {
  const auto c = support::case_of("models_detection/computed", GetParam());
  torch::manual_seed(0);
  std::optional<support::TableDraws> draws;
  if (c.boolean("table")) draws.emplace();
  const auto model = random_rcnn(GetParam());
  draws.reset();
  support::expect_same_state(*model, c);
  const support::OneThread one_thread;
  make_quick(*model);
  expect_same_training(*model, c);
  expect_same_found(*model, c);
}

}  // namespace
}  // namespace opsis
