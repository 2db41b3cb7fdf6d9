#include "opsis/models/summary.h"

#include <torch/torch.h>

#include <cstdlib>
#include <sstream>
#include <string_view>

#include "opsis/hub/state_dict.h"
#include "opsis/models.h"
#include "tests/support/expect.h"
#include "tests/support/meta_device.h"

namespace opsis {
namespace {

// One of each kind of family, whatever it computes.
const std::vector<std::string> always{"convnext_tiny", "densenet121", "resnet18", "swin_t", "swin_v2_t", "vit_b_32"};

// What is computed in every run; all of it by OPSIS_ORACLE_ALL=1.
double most_gflops(double usually) {
  const auto* all = std::getenv("OPSIS_ORACLE_ALL");
  return all && std::string_view(all) == "1" ? 1e9 : usually;
}

// Four groups, so that they can run side by side. Those that compute long are for OPSIS_ORACLE_ALL=1.
class SummaryOfEvery : public ::testing::TestWithParam<size_t> {};
INSTANTIATE_TEST_SUITE_P(, SummaryOfEvery, ::testing::Values(0, 1, 2, 3), ::testing::PrintToStringParamName());

TEST_P(SummaryOfEvery, ModelHasTheParametersAndGflopsOfItsWeights) {
  const double most = most_gflops(0.9);
  const auto names = models::list_models({.module = "models"});
  for (size_t i = GetParam(); i < names.size(); i += 4) {
    std::shared_ptr<models::ImageClassifier> model;
    int64_t size = 0;
    models::Summary found;
    for (const auto* weights : models::get_model_weights(names[i]).entries) {
      if (weights->gflops > most && std::find(always.begin(), always.end(), names[i]) == always.end()) continue;
      SCOPED_TRACE(std::string(weights->name));
      const auto wanted = weights->preset_as<models::ImageClassificationOptions>().crop_size;
      if (!model || size != wanted) {
        size = wanted;
        model = models::get_model(names[i], {.image_size = size});
        found = models::summary(model, {1, 3, size, size});
      }
      // Auxiliary heads are not part of the weights' figures for GoogLeNet alone.
      if (names[i] != "googlenet") {
        EXPECT_EQ(found.parameters, weights->num_params);
      }
      EXPECT_NEAR(found.gflops(), weights->gflops, 0.0005001);
    }
  }
}

// A model of which all is computed that it can give, as in torchvision's figures: auxiliary scores, every estimate of a flow.
template <class Task>
struct AllOutputs : torch::nn::Module {
  explicit AllOutputs(std::shared_ptr<Task> all) : model(this->register_module("model", std::move(all))) {}
  torch::Tensor forward(torch::Tensor x) {
    if constexpr (std::is_same_v<Task, models::FlowModel>) {
      return model->outputs(x.select(1, 0), x.select(1, 1)).back();
    } else {
      return model->outputs(std::move(x)).out;
    }
  }

  std::shared_ptr<Task> model;
};

// Those that compute long are for OPSIS_ORACLE_ALL=1; of the others the parameters are counted, without making their numbers.
template <class Build>
void expect_published(const models::Weights& weights, const std::vector<int64_t>& input_size, const Build& build) {
  SCOPED_TRACE(std::string(weights.name));
  const bool computes = weights.gflops <= most_gflops(3);
  std::optional<support::MetaDevice> meta;
  if (!computes) meta.emplace();
  const models::Layer model = build();
  int64_t parameters = 0;
  for (const auto& parameter : model.module()->parameters()) parameters += parameter.numel();
  EXPECT_EQ(parameters, weights.num_params);
  if (computes) {
    EXPECT_NEAR(models::summary(model, input_size).gflops(), weights.gflops, 0.0005001);
  }
}

TEST(Summary, CountsWhatTorchvisionPublishesForEveryOtherTask) {
  for (const auto& name : models::list_models({.module = "models::segmentation"})) {
    models::ModelOptions options{.weights_backbone = ""};
    if (!name.starts_with("lraspp")) options.aux_loss = true;
    expect_published(models::get_model_weights(name).DEFAULT, {1, 3, 520, 520}, [&] {
      return std::make_shared<AllOutputs<models::SegmentationModel>>(
          models::get_model<models::SegmentationModel>(name, options));
    });
  }
  for (const auto& name : models::list_models({.module = "models::video"})) {
    const auto& weights = models::get_model_weights(name).DEFAULT;
    const auto frame = weights.preset_as<models::VideoClassificationOptions>().crop_size;
    expect_published(weights, {1, 3, 16, frame.height, frame.width},
                     [&] { return models::get_model<models::VideoClassifier>(name); });
  }
  for (const auto& name : models::list_models({.module = "models::optical_flow"})) {
    expect_published(models::get_model_weights(name).DEFAULT, {1, 2, 3, 512, 512}, [&] {
      return std::make_shared<AllOutputs<models::FlowModel>>(models::get_model<models::FlowModel>(name));
    });
  }
}

// The parameters that weights tell of a detector: on a trained network of the first builders, norms are frozen, and so are none.
int64_t published_parameters(const torch::nn::Module& model, bool frozen_norms) {
  int64_t count = 0;
  for (const auto& parameter : model.parameters()) count += parameter.numel();
  for (const auto& module : model.modules()) {
    const auto* norm = module->as<torch::nn::BatchNorm2d>();
    if (frozen_norms && norm) count -= norm->weight.numel() + norm->bias.numel();
  }
  return count;
}

// torchvision's figures are of pictures of 512 x 512. How many regions a second stage looks at depends on what was learnt:
// 1000, or in the small models, whose first stage is choosy, none. In two of the figures something is found there, and computed.
TEST(Summary, CountsWhatTorchvisionPublishesForDetectors) {
  const auto contains = [](std::string_view name, std::string_view part) { return name.find(part) != name.npos; };
  for (const auto& name : models::list_models({.module = "models::detection"})) {
    SCOPED_TRACE(name);
    const auto& weights = models::get_model_weights(name).DEFAULT;
    const bool computes = weights.gflops <= most_gflops(5);
    std::optional<support::MetaDevice> meta;
    if (!computes && !contains(name, "ssd")) meta.emplace();  // SSD runs its network to learn of its maps
    const auto model = models::get_model<models::DetectionModel>(name, {.weights_backbone = ""});
    EXPECT_EQ(published_parameters(*model, !contains(name, "_v2") && !contains(name, "ssd")), weights.num_params);
    const bool finds_something = contains(name, "keypoint") || name == "maskrcnn_resnet50_fpn_v2";
    if (!computes || finds_something) continue;
    auto* const two_stages = dynamic_cast<models::detection::GeneralizedRCNNImpl*>(model.get());
    if (two_stages) two_stages->roi_heads->options.score_thresh = 2;
    const auto found = models::summary(model, {1, 3, 512, 512});
    double regions = 0, per_region = 0;
    for (const auto& layer : found.layers) {
      if (layer.name != "roi_heads.box_head" && !layer.name.starts_with("roi_heads.box_predictor.")) continue;
      regions = static_cast<double>(layer.output_shape[0]);
      per_region += static_cast<double>(layer.multiply_adds) / std::max(regions, 1.0);
    }
    const double looked_at = contains(name, "mobilenet") || !two_stages ? 0 : 1000;
    EXPECT_NEAR(found.gflops() + (looked_at - regions) * per_region / 1e9, weights.gflops, 0.0005001);
  }
}

TEST(DetectionModels, AreExtractedFromAndFrozen) {
  const auto model = models::get_model<models::DetectionModel>("ssdlite320_mobilenet_v3_large", {.weights_backbone = ""});
  model->eval();
  const auto extract =
      models::create_feature_extractor(model, {"backbone.features.0.0", "head.classification_head.module_list.0.1"});
  const torch::NoGradGuard no_grad;
  const auto found = extract(torch::zeros({2, 3, 320, 320}));
  EXPECT_EQ(found["backbone.features.0.0"].sizes(), (std::vector<int64_t>{2, 16, 160, 160}));
  const auto nodes = models::get_graph_node_names(model, {1, 3, 320, 320});
  EXPECT_EQ(nodes.front(), "backbone.features.0.0.0");
  EXPECT_ERROR(extract(torch::zeros({3, 320, 320})), ValueError, "a batch must be (N, 3, H, W), got (3, 320, 320)");
  models::freeze(*model, "backbone");
  const auto summed = models::summary(model, {1, 3, 320, 320});
  EXPECT_EQ(summed.parameters, 3'440'060);
  EXPECT_GT(summed.trainable, 0);
  EXPECT_LT(summed.trainable, summed.parameters / 2);
}

TEST(Summary, ListsLayersInTheirOrderWithShapesAndCounts) {
  models::ResNet model(models::ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1}, models::ResNetOptions{.num_classes = 5});
  const auto found = models::summary(model, {2, 3, 32, 64});
  ASSERT_GT(found.layers.size(), 5u);
  const auto& conv = found.layers[0];
  EXPECT_EQ(conv.name, "conv1");
  EXPECT_EQ(conv.type, "Conv2d");
  EXPECT_EQ(conv.depth, 0);
  EXPECT_EQ(conv.output_shape, (std::vector<int64_t>{2, 64, 16, 32}));
  EXPECT_EQ(conv.parameters, 64 * 3 * 49);
  EXPECT_EQ(conv.multiply_adds, 2 * 64 * 16 * 32 * 3 * 49);
  const auto& block = found.layers[5];
  EXPECT_EQ(block.name, "layer1.0");
  EXPECT_EQ(block.type, "BasicBlock");
  EXPECT_EQ(block.depth, 1);
  EXPECT_EQ(block.multiply_adds, 2 * (2 * 64 * 8 * 16 * 64 * 9));
  EXPECT_EQ(found.layers.back().name, "fc");
  EXPECT_EQ(found.output_shape, (std::vector<int64_t>{2, 5}));
  int64_t sum = 0;
  for (const auto& layer : found.layers) sum += layer.depth == 0 ? layer.multiply_adds : 0;
  EXPECT_EQ(found.multiply_adds, sum);
}

TEST(Summary, LeavesTheModelAsItWas) {
  models::ResNet model(models::ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1});
  model->layer2->eval();
  models::freeze(*model, "layer1");
  std::vector<bool> before;
  for (const auto& module : model->modules()) before.push_back(module->is_training());
  const auto state = hub::state_dict(*model);
  std::vector<torch::Tensor> copies;
  for (const auto& [name, tensor] : state) copies.push_back(tensor.clone());
  const auto found = models::summary(model, {1, 3, 32, 32});
  EXPECT_LT(found.trainable, found.parameters);
  std::vector<bool> after;
  for (const auto& module : model->modules()) after.push_back(module->is_training());
  EXPECT_EQ(after, before);
  for (size_t i = 0; i < copies.size(); ++i) EXPECT_TENSOR_EQ(state[i].second, copies[i]);
}

TEST(Summary, IsPrintedAsATable) {
  models::ResNet model(models::ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1}, models::ResNetOptions{.num_classes = 5});
  std::ostringstream out;
  out << models::summary(model, {1, 3, 32, 32});
  EXPECT_THAT(out.str(), ::testing::HasSubstr("layer"));
  EXPECT_THAT(out.str(), ::testing::ContainsRegex("\n    layer1\\.0\\.conv1 +Conv2d "));
  EXPECT_THAT(out.str(), ::testing::HasSubstr("1 x 64 x 8 x 8"));
  EXPECT_THAT(out.str(), ::testing::HasSubstr(" parameters learn; input 1 x 3 x 32 x 32, 0.0"));
  EXPECT_THAT(models::summary(model, {1, 3, 32, 32}).text(0), ::testing::Not(::testing::HasSubstr("layer1.0")));
}

}  // namespace
}  // namespace opsis
