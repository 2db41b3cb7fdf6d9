#include "opsis/models/feature_extraction.h"

#include <torch/torch.h>

#include <map>
#include <set>
#include <thread>

#include "opsis/models.h"
#include "tests/support/expect.h"
#include "tests/support/families.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using models::create_feature_extractor;
using models::ResNet;
using models::ResNetBlock;

ResNet small() {
  return ResNet(ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1}, models::ResNetOptions{.num_classes = 5});
}

// Whole, some take seconds to initialise; the same in tests/oracle/models_finetune.py.
std::shared_ptr<models::ImageClassifier> built(const std::string& name) {
  if (name == "googlenet") return models::googlenet({}, {.init_weights = false}).ptr();
  if (name == "inception_v3") return models::inception_v3({}, {.init_weights = false}).ptr();
  if (name == "maxvit_t") {
    const models::MaxVitSize size{8, 4, {16, 32}, {2, 1}, 8, 0.5};
    return models::MaxVit(size, models::MaxVitOptions{.input_size = Size{64, 64}}).ptr();
  }
  return models::get_model(name);
}

class FeatureExtractorFamily : public ::testing::TestWithParam<support::Family> {};
INSTANTIATE_TEST_SUITE_P(, FeatureExtractorFamily, ::testing::ValuesIn(support::families()),
                         [](const auto& info) { return info.param.name; });

// Every call of a module is asked for at once: the norm of what it gave, and about 32 of its numbers.
void expect_every_node(const std::shared_ptr<models::ImageClassifier>& model, const oracle::Case& c) {
  const auto nodes = c.texts("every_node");
  const auto found = create_feature_extractor(model, nodes)(c.tensor("images"));
  ASSERT_EQ(found.size(), nodes.size());
  const auto norms = c.tensor("every_norm"), samples = c.tensor("every_sample");
  int64_t begin = 0;
  for (size_t i = 0; i < nodes.size(); ++i) {
    SCOPED_TRACE(nodes[i]);
    const auto output = found[nodes[i]];
    const auto sample = output.flatten().slice(0, 0, std::nullopt, output.numel() / 32 + 1);
    EXPECT_TENSOR_NEAR(output.to(torch::kFloat64).norm(), norms[static_cast<int64_t>(i)], 1e-5, 0);
    EXPECT_TENSOR_NEAR(sample, samples.slice(0, begin, begin + sample.numel()), 1e-5, 0);
    begin += sample.numel();
  }
  EXPECT_EQ(begin, samples.numel());
  for (const auto& name : models::get_graph_node_names(model, c.tensor("images").sizes().vec())) {
    EXPECT_TRUE(found.contains(name)) << name;
  }
}

TEST_P(FeatureExtractorFamily, GivesWhatTorchvisions) {
  const torch::NoGradGuard no_grad;
  int count = 0;
  for (const auto& c : oracle::cases("models_finetune/features")) {
    if (c.text("model") != GetParam().smallest) continue;
    ++count;
    torch::manual_seed(0);
    const auto model = built(GetParam().smallest);
    model->eval();
    const auto found = create_feature_extractor(model, c.texts("nodes"))(c.tensor("images"));
    EXPECT_EQ(found.keys(), c.texts("order"));
    for (const auto& output : found) {
      SCOPED_TRACE(output.key());
      EXPECT_TENSOR_NEAR(output.value(), c.tensor(output.key()), 1e-5, 0);
    }
    expect_every_node(model, c);
  }
  EXPECT_EQ(count, 1);
}

TEST(FeatureExtractor, GivesOutputsTheNamesThatTorchvisionGives) {
  const torch::NoGradGuard no_grad;
  for (const auto& c : oracle::cases("models_finetune/renamed")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(0);
    const auto model = built(c.text("model"));
    model->eval();
    const auto nodes = c.texts("nodes"), names = c.texts("names");
    std::vector<models::ReturnNode> listed;
    std::map<std::string, std::string> mapped;
    for (size_t i = 0; i < nodes.size(); ++i) {
      listed.emplace_back(nodes[i], names[i]);
      mapped.emplace(nodes[i], names[i]);
    }
    for (const auto& extract : {create_feature_extractor(model, listed), create_feature_extractor(model, mapped)}) {
      const auto found = extract(c.tensor("images"));
      EXPECT_EQ(found.keys(), c.texts("order"));
      for (const auto& output : found) EXPECT_TENSOR_NEAR(output.value(), c.tensor(output.key()), 1e-5, 0) << output.key();
    }
  }
}

TEST(FeatureExtractor, GivesEachModeItsNodes) {
  const torch::NoGradGuard no_grad;
  const auto c = oracle::cases("models_finetune/by_mode").at(0);
  torch::manual_seed(0);
  const auto model = built("googlenet");
  model->to(torch::kFloat64);
  const auto extract = create_feature_extractor(model, {"aux1", "inception5b"}, {"avgpool"});
  for (const std::string mode : {"train", "eval"}) {
    SCOPED_TRACE(mode);
    model->train(mode == "train");
    torch::manual_seed(1);
    const auto found = extract(c.tensor("images"));
    EXPECT_EQ(found.keys(), c.texts(mode + "_nodes"));
    for (const auto& output : found) EXPECT_TENSOR_NEAR(output.value(), c.tensor(mode + "_" + output.key()), 1e-9, 1e-9);
  }
  EXPECT_ERROR(create_feature_extractor(model, {"avgpool"}, {"aux1"})(c.tensor("images")), ValueError,
               "\"aux1\" did not run; the model is in evaluation");
  EXPECT_ERROR(create_feature_extractor(model, {"avgpool"}, {"aux3"}), NotFoundError, "no module \"aux3\"");
}

TEST(GraphNodeNames, AreTorchvisionsOfModules) {
  for (const auto& c : oracle::cases("models_finetune/node_names")) {
    SCOPED_TRACE(c.name());
    const auto model = built(c.text("model"));
    model->eval();
    const auto expected = c.texts("expected");
    const std::set<std::string> theirs(expected.begin(), expected.end());
    std::vector<std::string> found;
    for (const auto& name : models::get_graph_node_names(model, {1, 3, c.integer("size"), c.integer("size")})) {
      auto node = name;
      // torchvision does not look into modules of torchvision.ops.
      for (auto dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1)) {
        if (theirs.contains(name.substr(0, dot))) {
          node = name.substr(0, dot);
          break;
        }
      }
      if (found.empty() || found.back() != node) found.push_back(node);
    }
    EXPECT_EQ(found, expected);
  }
}

TEST(FeatureExtractor, ComputesNoMoreThanItIsAskedFor) {
  auto model = small();
  model->eval();
  // What comes after conv1 would refuse this type.
  model->layer1->to(torch::kFloat64);
  const auto found = create_feature_extractor(model, {"bn1", "conv1"})(torch::rand({1, 3, 32, 32}));
  EXPECT_EQ(found.keys(), (std::vector<std::string>{"conv1", "bn1"}));  // as computed
  EXPECT_ANY_THROW(create_feature_extractor(model, {"layer2"})(torch::rand({1, 3, 32, 32})));
}

TEST(FeatureExtractor, GivesWhatAModuleGaveThoughTheNetworkWritesOverIt) {
  const torch::NoGradGuard no_grad;
  auto model = small();
  model->eval();
  const auto images = torch::rand({1, 3, 32, 32});
  const auto alone = create_feature_extractor(model, {"bn1"})(images)["bn1"];
  const auto both = create_feature_extractor(model, {"bn1", "layer4"})(images);
  EXPECT_TENSOR_EQ(both["bn1"], alone);
  EXPECT_LT(alone.min().item<float>(), 0);
}

TEST(FeatureExtractor, TellsCallsOfOneModuleApart) {
  const torch::NoGradGuard no_grad;
  auto model = small();
  model->eval();
  const auto images = torch::rand({1, 3, 32, 32});
  const auto found = create_feature_extractor(model, {"layer1.0.relu", "layer1.0.relu_1", "layer1"})(images);
  EXPECT_FALSE(torch::equal(found["layer1.0.relu"], found["layer1.0.relu_1"]));
  EXPECT_TENSOR_EQ(found["layer1.0.relu_1"], found["layer1"]);
}

TEST(FeatureExtractor, LetsGradientsFlow) {
  auto model = small();
  const auto found = create_feature_extractor(model, {"layer1", "layer2"})(torch::rand({2, 3, 32, 32}));
  (found["layer1"].sum() + found["layer2"].sum()).backward();
  EXPECT_TRUE(model->conv1->weight.grad().defined());
  EXPECT_FALSE(model->fc->weight.grad().defined());
}

TEST(FeatureExtractor, WorksFromManyThreads) {
  auto model = small();
  model->eval();
  const auto images = torch::rand({1, 3, 32, 32});
  const auto extract = create_feature_extractor(model, {"layer3", "fc"});
  const auto expected = extract(images)["layer3"].detach();
  std::vector<std::thread> threads;
  std::vector<torch::Tensor> found(4);
  for (size_t i = 0; i < found.size(); ++i) {
    threads.emplace_back([&, i] { found[i] = extract(images)["layer3"].detach(); });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& output : found) EXPECT_TENSOR_EQ(output, expected);
}

TEST(FeatureExtractor, SaysWhatItCannotGive) {
  auto model = small();
  EXPECT_ERROR(create_feature_extractor(model, {}), ValueError, "create_feature_extractor: return_nodes must not be empty");
  EXPECT_ERROR(create_feature_extractor(model, {"layer5"}), NotFoundError,
               "create_feature_extractor: ResNet has no module \"layer5\"; did you mean layer");
  EXPECT_ERROR(create_feature_extractor(model, {"fc", "fc"}), ValueError, "\"fc\" stands twice");
  EXPECT_ERROR(create_feature_extractor(model, {{"fc", "x"}, {"fc", "y"}}), ValueError, "\"fc\" stands twice");
  EXPECT_ERROR(create_feature_extractor(model, {{"fc", "x"}, {"layer1", "x"}}), ValueError,
               "create_feature_extractor: two outputs are to be named \"x\"");
  EXPECT_ERROR(create_feature_extractor(model, {"fc_1"})(torch::rand({2, 3, 32, 32})), ValueError, "\"fc_1\" did not run");
  auto googlenet = models::googlenet({}, {.num_classes = 5, .init_weights = false});
  googlenet->eval();
  EXPECT_ERROR(create_feature_extractor(googlenet, {"aux1"})(torch::rand({1, 3, 64, 64})), ValueError,
               "\"aux1\" did not run; the model is in evaluation");
}

}  // namespace
}  // namespace opsis
