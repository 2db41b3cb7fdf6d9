#include "opsis/models/registry.h"

#include <torch/torch.h>

#include <algorithm>

#include "opsis/models/resnet.h"
#include "opsis/models/task.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using ::testing::IsSupersetOf;

TEST(ListModels, FiltersAsTorchvisionDoes) {
  const auto all = models::list_models();
  for (const auto& c : oracle::cases("models/list_models")) {
    SCOPED_TRACE(c.name());
    std::vector<std::string> expected;  // of torchvision's, what Opsis has
    for (const auto& name : c.texts("expected")) {
      if (std::binary_search(all.begin(), all.end(), name)) expected.push_back(name);
    }
    EXPECT_EQ(models::list_models({c.text("module"), c.texts("include"), c.texts("exclude")}), expected);
  }
}

TEST(ListModels, GivesSortedNames) {
  const auto all = models::list_models();
  EXPECT_EQ(models::list_models({.include = {"resnext*"}}),
            (std::vector<std::string>{"resnext101_32x8d", "resnext101_64x4d", "resnext50_32x4d"}));
  EXPECT_EQ(models::list_models({.include = {"*"}}), all);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_TRUE(models::list_models({.exclude = {"*"}}).empty());
}

TEST(Registry, NamesAreTorchvisions) {
  const auto theirs = oracle::cases("models/every_name").at(0);
  EXPECT_THAT(theirs.texts("models"), IsSupersetOf(models::list_models()));
  EXPECT_THAT(theirs.texts("weights"), IsSupersetOf(models::list_weights()));
}

TEST(GetModelBuilder, BuildsWhatGetModelBuilds) {
  const auto build = models::get_model_builder("ResNet18");
  torch::manual_seed(0);
  const auto built = build({.num_classes = 10});
  torch::manual_seed(0);
  support::expect_equal_state(*built, *models::get_model("resnet18", {.num_classes = 10}));
  EXPECT_ERROR(models::get_model_builder("resnet81"), NotFoundError, "no model is named \"resnet81\"");
  EXPECT_ERROR(models::get_model_builder("fcn_resnet50"), ValueError, "does another task");
  EXPECT_TRUE(models::get_model_builder<models::SegmentationModel>("fcn_resnet50") != nullptr);
}

TEST(GetModel, BuildsByNameInAnyCase) {
  const auto model = models::get_model("ResNet18", {.num_classes = 10});
  EXPECT_EQ(model->named_parameters()["fc.weight"].sizes(), (std::vector<int64_t>{10, 512}));
  EXPECT_NE(models::get_model<models::ResNetImpl>("resnet18"), nullptr);
}

TEST(GetModel, RefusesAnUnknownNameAndOffersTheNearest) {
  EXPECT_ERROR(models::get_model("resnet51"), NotFoundError,
               "get_model: no model is named \"resnet51\"; did you mean resnet50 or resnet101?");
  EXPECT_ERROR(models::get_model(""), NotFoundError, "no model is named \"\"");
  EXPECT_ERROR(models::get_model_weights("resnet5"), NotFoundError,
               "get_model_weights: no model is named \"resnet5\"; did you mean resnet50");
}

TEST(GetModel, RefusesAnotherTask) {
  EXPECT_ERROR(models::get_model("fcn_resnet50"), ValueError,
               "get_model: fcn_resnet50 does another task");  // before its backbone
  EXPECT_ERROR(models::get_model<models::SegmentationModel>("resnet18"), ValueError, "get_model: resnet18 does another task");
  struct Detector : models::ImageClassifier {};
  EXPECT_ERROR(models::get_model<Detector>("resnet18"), ValueError,
               "get_model: resnet18 does another task than the one asked for");
}

TEST(GetModel, RefusesLayersThatLearnOfOtherThanDetectors) {
  EXPECT_ERROR(models::get_model("resnet18", {.trainable_backbone_layers = 2}), ValueError,
               "get_model: trainable_backbone_layers is for detectors");
}

TEST(GetModel, RefusesWeightsThatTheModelHasNot) {
  EXPECT_ERROR(models::get_model("resnet50", {.weights = "IMAGENET1K_V3"}), NotFoundError,
               "ResNet50_Weights has no weights \"IMAGENET1K_V3\"; there are DEFAULT, IMAGENET1K_V1, IMAGENET1K_V2");
  EXPECT_ERROR(models::get_model("resnet50", {.weights = "ResNet18_Weights.IMAGENET1K_V1"}), NotFoundError,
               "ResNet50_Weights has no weights \"ResNet18_Weights.IMAGENET1K_V1\"");
}

TEST(GetWeight, FindsByFullName) {
  const auto& weights = models::get_weight("ResNet50_Weights.IMAGENET1K_V2");
  EXPECT_EQ(weights, models::ResNet50_Weights::IMAGENET1K_V2);
  EXPECT_EQ(models::get_weight("ResNet50_Weights.DEFAULT"), models::ResNet50_Weights::IMAGENET1K_V2);
  EXPECT_FALSE(weights == models::ResNet50_Weights::IMAGENET1K_V1);
}

TEST(GetWeight, RefusesOtherNames) {
  EXPECT_ERROR(models::get_weight("IMAGENET1K_V1"), ValueError, "a name is like \"ResNet50_Weights.IMAGENET1K_V2\"");
  EXPECT_ERROR(models::get_weight("ResNet50_Weights.IMAGENET1K.V1"), ValueError, "got \"ResNet50_Weights.IMAGENET1K.V1\"");
  EXPECT_ERROR(models::get_weight("ResNet51_Weights.IMAGENET1K_V1"), NotFoundError,
               "no weights are named \"ResNet51_Weights.IMAGENET1K_V1\"; did you mean ResNet50_Weights");
  EXPECT_ERROR(models::get_weight("ResNet18_Weights.IMAGENET1K_V2"), NotFoundError, "there are DEFAULT, IMAGENET1K_V1");
}

}  // namespace
}  // namespace opsis
