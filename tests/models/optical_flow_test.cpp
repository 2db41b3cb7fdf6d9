#include <torch/torch.h>

#include "opsis/models.h"
#include "opsis/ops.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"
#include "tests/support/peak_allocation.h"

namespace opsis {
namespace {

using models::FlowModel;
using models::optical_flow::RAFT;
using models::optical_flow::RAFTBlock;
using models::optical_flow::RAFTSize;

support::Outputs flow_estimates(FlowModel& model, const oracle::Case& c, int64_t updates) {
  return [&model, first = c.tensor("first"), second = c.tensor("second"), updates] {
    return model.outputs(first, second, updates);
  };
}

// A test a model, so that they can run side by side.
class OpticalFlowModel : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, OpticalFlowModel, ::testing::ValuesIn(models::list_models({.module = "models::optical_flow"})),
                         [](const auto& info) { return info.param; });

TEST_P(OpticalFlowModel, FromTheSameSeedIsTorchvisionsAndComputesTheSame) {
  const auto c = support::case_of("models_flow/computed", GetParam());
  torch::manual_seed(0);
  const auto model = models::get_model<FlowModel>(GetParam());
  support::expect_same_computed(*model, c, flow_estimates(*model, c, 3));
}

TEST(RAFT, LoadsWhatPythonSaved) {
  support::each_saved_by_python<FlowModel>("models_flow/checkpoint", [](FlowModel& model, const auto& c) {
    EXPECT_TENSOR_NEAR(model.forward(c.tensor("first"), c.tensor("second"), 2), c.tensor("expected"), 1e-4, 0);
  });
}

// The same as in tests/oracle/models_flow.py.
RAFT small_raft(bool use_mask_predictor = true) {
  const models::NormLayer instance_norm = [](int64_t channels) { return torch::nn::InstanceNorm2d(channels); };
  return RAFT(RAFTSize{.feature_encoder = {RAFTBlock::RESIDUAL, {8, 8, 12, 16, 24}, instance_norm},
                       .context_encoder = {RAFTBlock::RESIDUAL, {8, 8, 12, 16, 24}, ops::batch_norm_2d()},
                       .corr_block_num_levels = 2,
                       .corr_block_radius = 1,
                       .motion_encoder_corr_layers = {10, 6},
                       .motion_encoder_flow_layers = {8, 4},
                       .motion_encoder_out_channels = 12,
                       .recurrent_block_hidden_state_size = 10,
                       .flow_head_hidden_size = 6,
                       .use_mask_predictor = use_mask_predictor});
}

TEST(RAFT, EverySizeDoesWhatTorchvisionsDoes) {
  const auto c = oracle::cases("models_flow/variant").at(0);
  torch::manual_seed(0);
  auto model = small_raft();
  support::expect_same_computed(*model, c, flow_estimates(*model, c, 2));
}

TEST(RAFT, TakesPartsOfOnesOwn) {
  using torch::nn::Conv2d;
  using torch::nn::Conv2dOptions;
  const auto c = oracle::cases("models_flow/parts").at(0);
  torch::manual_seed(0);
  const Conv2d features(Conv2dOptions(3, 24, 8).stride(8)), context(Conv2dOptions(3, 160, 8).stride(8)),
      mask(Conv2dOptions(96, 576, 1));
  auto model =
      models::optical_flow::raft_small({}, {.feature_encoder = features, .context_encoder = context, .mask_predictor = mask});
  support::expect_same_computed(*model, c, flow_estimates(*model, c, 2));

  const auto expect_refuses = [&](const models::optical_flow::RAFTOptions& options, const char* message) {
    EXPECT_ERROR(models::optical_flow::raft_small({}, options)->outputs(c.tensor("first"), c.tensor("second"), 1), ValueError,
                 message);
  };
  expect_refuses({.feature_encoder = Conv2d(Conv2dOptions(3, 24, 4).stride(4))},
                 "RAFT: the feature encoder must give maps of [2, 24, 16, 17], got (2, 24, 32, 34)");
  expect_refuses({.context_encoder = features},
                 "RAFT: the context encoder must give maps of [1, 160, 16, 17], got (1, 24, 16, 17)");
  expect_refuses({.mask_predictor = Conv2d(Conv2dOptions(96, 9, 1))},
                 "RAFT: the mask predictor must give maps of [1, 576, 16, 17]");
}

// torchvision holds what is compared twice for a moment, the second time divided, before it makes the smaller levels of it.
TEST(RAFT, HoldsWhatIsComparedOnce) {
  const torch::NoGradGuard no_grad;
  auto model = small_raft(/*use_mask_predictor=*/false);  // of two levels, and narrow: all else is small
  model->eval();
  const auto first = torch::rand({1, 3, 320, 384}), second = torch::rand({1, 3, 320, 384});
  const int64_t pixels = 1920;  // an eighth of 320, and of 384
  const auto compared = pixels * pixels * 4 * 5 / 4;
  int64_t most = 0;
  {
    const support::PeakAllocation peak;
    model.ptr()->forward(first, second, 1);
    most = peak.bytes();
  }
  EXPECT_GT(most, compared);
  EXPECT_LT(most, compared * 3 / 2);
}

TEST(RAFT, ForwardIsTheLastEstimate) {
  const torch::NoGradGuard no_grad;
  auto model = small_raft();
  model->eval();
  const auto first = torch::rand({2, 3, 40, 32}), second = torch::rand({2, 3, 40, 32});
  const auto all = model->outputs(first, second);
  ASSERT_EQ(all.size(), 12);
  EXPECT_TENSOR_EQ(model->forward(first, second), all.back());
  EXPECT_TENSOR_EQ(model->forward(torch::stack({first, second}, 1)), all.back());
  EXPECT_TENSOR_EQ(model->forward(first, second, 3), all[2]);
  EXPECT_TRUE(model->outputs(first, second, 0).empty());
}

TEST(RAFT, IsSummarisedAndLookedInto) {
  const torch::NoGradGuard no_grad;
  auto model = small_raft();
  model->eval();
  const auto found = models::summary(model, {1, 2, 3, 40, 32});
  EXPECT_EQ(found.output_shape, (std::vector<int64_t>{1, 2, 40, 32}));
  EXPECT_EQ(found.layers.at(0).name, "feature_encoder");
  const auto extract = models::create_feature_extractor(model, {"context_encoder", "update_block.flow_head_2"});
  const auto features = extract(torch::rand({1, 2, 3, 40, 32}));
  EXPECT_EQ(features["context_encoder"].sizes(), (std::vector<int64_t>{1, 24, 5, 4}));
  EXPECT_EQ(features["update_block.flow_head_2"].sizes(), (std::vector<int64_t>{1, 2, 5, 4}));
}

TEST(RAFT, RefusesImagesThatItCannotCompare) {
  auto model = small_raft();
  const auto refused = [&](const torch::Tensor& first, const torch::Tensor& second, const std::string& message) {
    EXPECT_ERROR(model->outputs(first, second), ValueError, message);
  };
  const auto image = torch::rand({1, 3, 40, 32});
  refused(image, torch::rand({1, 3, 40, 40}),
          "RAFT: images must be (N, 3, H, W), both alike, got (1, 3, 40, 32) and (1, 3, 40, 40)");
  refused(image[0], image[0], "RAFT: images must be (N, 3, H, W), both alike, got (3, 40, 32)");
  refused(torch::rand({1, 3, 40, 36}), torch::rand({1, 3, 40, 36}),
          "RAFT: sides of images must be multiples of 8, got (1, 3, 40, 36)");
  refused(torch::rand({1, 3, 40, 24}), torch::rand({1, 3, 40, 24}),
          "RAFT: sides of images must be at least 32, got (1, 3, 40, 24)");
  EXPECT_ERROR(model->forward(image, image, 0), ValueError, "RAFT: num_flow_updates must be positive, got 0");
  EXPECT_ERROR(model->forward(image), ValueError, "RAFT: pairs must be (N, 2, 3, H, W), got (1, 3, 40, 32)");
  EXPECT_ERROR(models::get_model<FlowModel>("raft_small", {.num_classes = 3}), ValueError,
               "get_model: num_classes is for models that tell classes apart");
}

}  // namespace
}  // namespace opsis
