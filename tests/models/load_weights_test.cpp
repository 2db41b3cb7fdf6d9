#include "opsis/models/load_weights.h"

#include <torch/torch.h>

#include <fstream>

#include "opsis/hub/cache.h"
#include "opsis/hub/safetensors.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models/registry.h"
#include "opsis/models/resnet.h"
#include "opsis/models/skip_initialisation.h"
#include "tests/support/expect.h"
#include "tests/support/memory.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"
#include "tests/support/variable.h"

namespace opsis {
namespace {

using models::ResNet;
using models::ResNet18_Weights;
using support::Variable;

std::string torch_home() { return (oracle::folder() / "models" / "torch_home").string(); }
std::filesystem::path checkpoint() { return torch_home() + "/hub/checkpoints/resnet18-f37072fd.pth"; }

void expect_same_output(models::ImageClassifier& model) {
  const torch::NoGradGuard no_grad;
  const auto c = oracle::cases("models/checkpoint").at(0);
  model.eval();
  EXPECT_TENSOR_NEAR(model.forward(c.tensor("images")), c.tensor("expected"), 1e-5, 0);
}

TEST(LoadWeights, TakesPyTorchsCache) {
  const Variable home("TORCH_HOME", torch_home());
  auto model = models::resnet18(ResNet18_Weights::IMAGENET1K_V1);
  expect_same_output(*model);
  expect_same_output(*models::get_model("resnet18", {.weights = "DEFAULT"}));
  expect_same_output(*models::get_model("resnet18", {.weights = "ResNet18_Weights.IMAGENET1K_V1", .num_classes = 1000}));
}

TEST(LoadWeights, OfAQuantizableModelAreFloatUnlessItIsToBeQuantized) {
  const Variable home("TORCH_HOME", torch_home()), offline("OPSIS_OFFLINE", "1");
  for (const auto* name : {"DEFAULT", "IMAGENET1K_V1", "ResNet18_Weights.IMAGENET1K_V1", "ResNet18_Weights.DEFAULT"}) {
    SCOPED_TRACE(name);
    expect_same_output(*models::get_model("quantized_resnet18", {.weights = name}));
    const auto adapted = models::get_model("quantized_resnet18", {.weights = name, .num_classes = 10, .in_channels = 1});
    EXPECT_EQ(adapted->forward(torch::rand({2, 1, 33, 33})).sizes(), (std::vector<int64_t>{2, 10}));
  }
  // The quantized ones are not there, which says that they were looked for.
  const auto* file = "resnet18_fbgemm_16fa66dd.pth is not there";
  EXPECT_ERROR(models::get_model("quantized_resnet18", {.weights = "DEFAULT", .quantize = true}), NotFoundError, file);
  for (const auto* name :
       {"IMAGENET1K_FBGEMM_V1", "ResNet18_QuantizedWeights.IMAGENET1K_FBGEMM_V1", "ResNet18_QuantizedWeights.DEFAULT"}) {
    EXPECT_ERROR(models::get_model("quantized_resnet18", {.weights = name}), NotFoundError, file);
  }
  EXPECT_ERROR(models::get_model("quantized_resnet18", {.weights = "IMAGENET1K_V1", .quantize = true}), NotFoundError,
               "ResNet18_QuantizedWeights has no weights \"IMAGENET1K_V1\"; there are DEFAULT, IMAGENET1K_FBGEMM_V1");
}

TEST(LoadWeights, TakesAFile) {
  const Variable home("TORCH_HOME", "/nowhere");
  expect_same_output(*models::get_model("resnet18", {.weights_file = checkpoint()}));
  expect_same_output(*models::get_model("resnet18", {.weights = "DEFAULT", .weights_file = checkpoint()}));
}

TEST(LoadWeights, TakesSafetensors) {
  const support::TemporaryFolder folder;
  ResNet written(models::ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1});
  ResNet read(models::ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1});
  hub::save_safetensors(folder.path() / "small.safetensors", hub::state_dict(*written));
  models::load_weights(*read, folder.path() / "small.safetensors");
  const auto images = torch::rand({1, 3, 32, 32});
  written->eval();
  read->eval();
  EXPECT_TENSOR_EQ(read(images), written(images));
}

TEST(LoadWeights, HasNoTensorInMemoryTwice) {
  auto model = models::resnet18();
  models::load_weights(*model, checkpoint());
  // Only Linux tells a peak, and lets it begin anew.
  if (!support::begin_peak_memory())
    GTEST_SKIP() << "without a writable /proc/self/clear_refs the kernel tells no peak of a part";
  const auto before = support::peak_memory();
  models::load_weights(*model, checkpoint());
  EXPECT_LT(support::peak_memory() - before, 15'000 * 1024);  // its largest has 9.2 MiB, all have 45
}

TEST(LoadWeights, FillsAModelThatWasBuiltWithoutFirstNumbers) {
  torch::manual_seed(3);
  const auto expected = torch::rand({1});
  torch::manual_seed(3);
  auto model = [] {
    const models::SkipInitialisation skip;
    return models::resnet18();
  }();
  EXPECT_TENSOR_EQ(torch::rand({1}), expected);  // nothing was drawn
  models::load_weights(*model, checkpoint());
  expect_same_output(*model);
}

TEST(LoadWeights, RefusesAnotherNumberOfClasses) {
  EXPECT_ERROR(models::get_model("resnet18", {.weights_file = checkpoint(), .num_classes = 10}), ValueError,
               "fc.weight: (10, 512) in the model, (1000, 512) in the state dict");
}

TEST(LoadWeights, RefusesAnotherModelsCheckpointAndChangesNothing) {
  torch::manual_seed(0);
  auto model = models::get_model("resnet34");
  const auto before = model->named_parameters()["conv1.weight"].detach().clone();
  EXPECT_ERROR(models::load_weights(*model, checkpoint()), ValueError, "layer3.5.bn2.weight");
  EXPECT_ERROR(models::load_weights(*model, checkpoint()), ValueError, checkpoint().string() + " does not fit ResNet");
  EXPECT_TENSOR_EQ(model->named_parameters()["conv1.weight"].detach(), before);
}

TEST(LoadWeights, SaysWhereAMissingFileBelongs) {
  const Variable home("TORCH_HOME", "/nowhere"), offline("OPSIS_OFFLINE", "1");
  EXPECT_ERROR(models::resnet18(ResNet18_Weights::IMAGENET1K_V1), NotFoundError,
               "download: /nowhere/hub/checkpoints/resnet18-f37072fd.pth is not there and OPSIS_OFFLINE is set; fetch "
               "https://download.pytorch.org/models/resnet18-f37072fd.pth and put it there");
  EXPECT_ERROR(models::get_model("resnet18", {.weights_file = "/nowhere/a.pth"}), NotFoundError,
               "load_weights: /nowhere/a.pth is not there");
}

TEST(Cache, IsWherePyTorchHasIt) {
  const Variable user("HOME", "/home/ada");
  {
    const Variable torch("TORCH_HOME", std::nullopt), xdg("XDG_CACHE_HOME", std::nullopt);
    EXPECT_EQ(hub::checkpoints_folder(), "/home/ada/.cache/torch/hub/checkpoints");
  }
  {
    const Variable torch("TORCH_HOME", std::nullopt), xdg("XDG_CACHE_HOME", "/var/cache");
    EXPECT_EQ(hub::checkpoints_folder(), "/var/cache/torch/hub/checkpoints");
  }
  {
    const Variable torch("TORCH_HOME", "~/models"), xdg("XDG_CACHE_HOME", "/var/cache");
    EXPECT_EQ(hub::checkpoints_folder(), "/home/ada/models/hub/checkpoints");
    EXPECT_EQ(hub::cached_checkpoint("https://example.org/a/b-01234567.pth?download=1"),
              "/home/ada/models/hub/checkpoints/b-01234567.pth");
  }
}

}  // namespace
}  // namespace opsis
