#include <torch/torch.h>

#include "opsis/hub/safetensors.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models.h"
#include "tests/models/saved_backbone.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"
#include "tests/support/table_draws.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using models::SegmentationModel;
using models::segmentation::DeepLabHead;
using models::segmentation::FCNHead;

std::shared_ptr<SegmentationModel> random_model(const std::string& name, models::ModelOptions options = {}) {
  options.weights_backbone = "";
  return models::get_model<SegmentationModel>(name, options);
}

support::Outputs all_scores(SegmentationModel& model, const torch::Tensor& images) {
  return [&model, images] {
    const auto found = model.outputs(images);
    std::vector<torch::Tensor> scores{found.out};
    if (found.aux.defined()) scores.push_back(found.aux);
    return scores;
  };
}

// A test a model, so that they can run side by side.
class SegmentationByName : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, SegmentationByName, ::testing::ValuesIn(models::list_models({.module = "models::segmentation"})),
                         [](const auto& info) { return info.param; });

TEST_P(SegmentationByName, FromTheSameSeedIsTorchvisionsAndComputesTheSame) {
  const auto c = support::case_of("models_segmentation/computed", GetParam());
  models::ModelOptions options;
  if (!GetParam().starts_with("lraspp")) options.aux_loss = true;
  const auto model = support::drawn_as(c, [&] { return random_model(GetParam(), options); });
  support::expect_same_computed(*model, c, all_scores(*model, c.tensor("images")));
}

TEST(SegmentationModel, EveryOptionDoesWhatTorchvisionsDoes) {
  for (const auto& c : oracle::cases("models_segmentation/options")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(0);
    const auto model = random_model(c.text("model"), {.num_classes = 7});
    support::expect_same_computed(*model, c, all_scores(*model, c.tensor("images")));
  }
}

TEST(SegmentationModel, HeadsAreTorchvisions) {
  const auto expect_same = [](auto head, const oracle::Case& c) {
    const auto features = c.tensor("features");
    support::expect_same_computed(*head, c, [&] { return std::vector<torch::Tensor>{head->forward(features)}; });
  };
  for (const auto& c : oracle::cases("models_segmentation/heads")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(0);
    if (c.text("head") == "fcn") expect_same(FCNHead(24, 5), c);
    if (c.text("head") == "deeplab") expect_same(DeepLabHead(24, 5), c);
    if (c.text("head") == "deeplab_rates") expect_same(DeepLabHead(24, 5, std::vector<int64_t>{1, 2}), c);
  }
}

TEST(SegmentationModel, ForwardIsTheScoresWithoutTheAuxiliaryOnes) {
  const torch::NoGradGuard no_grad;
  const auto model = random_model("deeplabv3_mobilenet_v3_large", {.aux_loss = true});
  model->eval();
  const auto images = torch::rand({1, 3, 40, 56});
  const auto both = model->outputs(images);
  EXPECT_TENSOR_EQ(model->forward(images), both.out);
  EXPECT_EQ(both.aux.sizes(), (std::vector<int64_t>{1, 21, 40, 56}));
  EXPECT_FALSE(random_model("lraspp_mobilenet_v3_large")->outputs(torch::rand({2, 3, 32, 32})).aux.defined());
}

TEST(SegmentationModel, TakesOneSmallImageAndAnEmptyBatch) {
  const torch::NoGradGuard no_grad;
  for (const auto* name : {"deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large"}) {
    const auto model = random_model(name);
    model->eval();
    EXPECT_EQ(model->forward(torch::rand({1, 3, 1, 1})).sizes(), (std::vector<int64_t>{1, 21, 1, 1}));
    EXPECT_EQ(model->forward(torch::rand({2, 3, 17, 50})).sizes(), (std::vector<int64_t>{2, 21, 17, 50}));
  }
}

TEST(SegmentationModel, TakesTheWeightsOfItsBackbone) {
  const support::SavedBackbone saved;
  const auto model = models::segmentation::lraspp_mobilenet_v3_large({}, {.weights_backbone = saved.weights});
  const auto found = model->backbone->named_parameters();
  const auto expected = saved.classifier->features->named_parameters();
  ASSERT_EQ(found.keys(), expected.keys());
  for (const auto& parameter : expected) EXPECT_TENSOR_EQ(found[parameter.key()].detach(), parameter.value().detach());
}

TEST(SegmentationModel, LoadsWhatPythonSavedAndTakesAStripe) {
  const support::OneThread one_thread;
  const torch::NoGradGuard no_grad;
  const auto c = oracle::cases("models_segmentation/checkpoint").at(0);
  const auto model = models::get_model<SegmentationModel>(
      "deeplabv3_mobilenet_v3_large",
      {.weights = "DEFAULT", .weights_file = oracle::folder() / "models_segmentation/deeplab.pth"});
  model->eval();
  const auto found = model->outputs(c.tensor("images"));
  EXPECT_TENSOR_NEAR(found.out, c.tensor("out"), 1e-5, 0);
  EXPECT_TENSOR_NEAR(found.aux, c.tensor("aux"), 1e-5, 0);
  EXPECT_TENSOR_NEAR(model->forward(c.tensor("stripe")), c.tensor("of_stripe"), 1e-5, 0);
}

TEST(SegmentationModel, WithWeightsThatPythonSavedGivesItsScores) {
  support::each_saved_by_python<SegmentationModel>("models_segmentation/saved", [](SegmentationModel& model, const auto& c) {
    EXPECT_TENSOR_NEAR(model.forward(c.tensor("images")), c.tensor("expected"), 1e-5, 0);
  });
}

TEST(SegmentationModel, GivesTheScoresOfTorchvisionsToAStripe) {
  const torch::NoGradGuard no_grad;
  for (const auto& c : oracle::cases("models_segmentation/stripes")) {
    SCOPED_TRACE(c.name());
    if (c.boolean("skip")) continue;
    torch::manual_seed(0);
    const auto model = random_model(c.text("model"));
    model->eval();
    const auto image = c.tensor("image"), scores = model->forward(image);
    EXPECT_EQ(scores.sizes(), (std::vector<int64_t>{1, 21, image.size(2), image.size(3)}));
    EXPECT_TENSOR_NEAR(scores.flatten().slice(0, 0, std::nullopt, 97), c.tensor("expected"), 1e-5, 0);
  }
}

TEST(SegmentationModel, TakesWeightsAndGivesThemNewHeadsAndInputs) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "deeplab.safetensors";
  const auto written = random_model("deeplabv3_mobilenet_v3_large", {.aux_loss = true});
  hub::save_safetensors(file, hub::state_dict(*written));
  const auto read =
      models::get_model<SegmentationModel>("deeplabv3_mobilenet_v3_large", {.weights = "DEFAULT", .weights_file = file});
  const auto images = torch::rand({1, 3, 32, 32});
  written->eval();
  read->eval();
  EXPECT_TENSOR_EQ(read->outputs(images).aux, written->outputs(images).aux);
  // Without the name of an entry a file must fit, and no backbone is fetched first.
  const auto alone =
      models::get_model<SegmentationModel>("deeplabv3_mobilenet_v3_large", {.weights_file = file, .aux_loss = true});
  alone->eval();
  EXPECT_TENSOR_EQ(alone->forward(images), written->forward(images));
  const auto other = models::get_model<SegmentationModel>(
      "deeplabv3_mobilenet_v3_large", {.weights = "DEFAULT", .weights_file = file, .num_classes = 5, .in_channels = 1});
  other->eval();
  EXPECT_EQ(other->heads(), (std::vector<std::string>{"classifier.4", "aux_classifier.4"}));
  EXPECT_EQ(other->outputs(torch::rand({1, 1, 32, 32})).aux.sizes(), (std::vector<int64_t>{1, 5, 32, 32}));
}

TEST(SegmentationModel, IsSummarisedLookedIntoAndOptimized) {
  const torch::NoGradGuard no_grad;
  const support::OneThread one_thread;
  const auto model = random_model("deeplabv3_mobilenet_v3_large");
  model->eval();
  const auto images = torch::rand({2, 3, 64, 48});
  const auto expected = model->forward(images);
  const auto found = models::summary(model, {1, 3, 64, 64});
  EXPECT_EQ(found.output_shape, (std::vector<int64_t>{1, 21, 64, 64}));
  EXPECT_EQ(found.layers.at(0).name, "backbone");
  EXPECT_EQ(found.layers.at(0).output_shape, (std::vector<int64_t>{1, 960, 4, 4}));
  const auto extract = models::create_feature_extractor(model, {"backbone.4", "classifier.0.convs.4"});
  const auto features = extract(images);
  EXPECT_EQ(features["backbone.4"].sizes(), (std::vector<int64_t>{2, 40, 8, 6}));
  EXPECT_EQ(features["classifier.0.convs.4"].sizes(), (std::vector<int64_t>{2, 256, 4, 3}));
  const auto quick = models::optimize(model);
  EXPECT_TENSOR_NEAR(quick->forward(images), expected, 1e-4, 0);  // sums in another order, folded weights
  EXPECT_FALSE(quick->outputs(images).aux.defined());
}

TEST(SegmentationModel, RefusesWhatItHasNot) {
  EXPECT_ERROR(random_model("lraspp_mobilenet_v3_large", {.aux_loss = true}), ValueError,
               "lraspp_mobilenet_v3_large: it has no auxiliary classifier; leave aux_loss out");
  EXPECT_ERROR(random_model("fcn_resnet50", {.num_classes = -1}), ValueError,
               "fcn_resnet50: num_classes must not be negative, got -1");
  EXPECT_ERROR(models::get_model("fcn_resnet50", {.weights_backbone = ""}), ValueError,
               "get_model: fcn_resnet50 does another task than the one asked for: semantic segmentation");
  EXPECT_ERROR(models::get_model<SegmentationModel>("fcn_resnet50", {.weights_backbone = "V7"}), NotFoundError,
               "ResNet50_Weights has no weights \"V7\"");
  EXPECT_ERROR(models::get_model("resnet18", {.weights_backbone = ""}), ValueError,
               "get_model: weights_backbone is for models around a classifier");
  EXPECT_ERROR(models::get_model("resnet18", {.aux_loss = true}), ValueError, "get_model: aux_loss is for segmentation models");
}

TEST(IntermediateLayerGetter, RefusesLayersThatAreNotThere) {
  const models::ResNet network(models::ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1});
  EXPECT_ERROR(models::IntermediateLayerGetter(network->layers(), {{"layer5", "out"}}), ValueError,
               "IntermediateLayerGetter: return_layers has \"layer5\", which is no layer of the model");
  EXPECT_ERROR(models::IntermediateLayerGetter(network->layers(), {}), ValueError,
               "IntermediateLayerGetter: return_layers must not be empty");
  EXPECT_ERROR(models::IntermediateLayerGetter(network->layers(), {{"layer3", "a"}, {"layer3", "b"}}), ValueError,
               "layers and names must differ, got layer3 as a and layer3 as b");
  EXPECT_ERROR(models::IntermediateLayerGetter(network->layers(), {{"layer3", ""}}), ValueError,
               "must be returned under a name");
  models::IntermediateLayerGetter body(network->layers(), {{"layer3", "deep"}, {"layer1", "shallow"}});
  EXPECT_EQ(body->forward(torch::rand({2, 3, 32, 32})).keys(), (std::vector<std::string>{"shallow", "deep"}));
  EXPECT_EQ(body->named_children().keys().back(), "layer3");
}

}  // namespace
}  // namespace opsis
