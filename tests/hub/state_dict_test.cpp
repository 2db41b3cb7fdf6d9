#include "opsis/hub/state_dict.h"

#include <torch/nn.h>

#include "tests/support/expect.h"

namespace opsis {
namespace {

using hub::load_state_dict;
using hub::state_dict;

/// A convolution, a norm and a classifier: the smallest model that has parameters, buffers and children.
struct TinyImpl : torch::nn::Module {
  explicit TinyImpl(int64_t classes = 3, int64_t channels = 4)
      : child(register_module("stem",
                              torch::nn::Sequential(torch::nn::Conv2d(torch::nn::Conv2dOptions(3, channels, 3).bias(false)),
                                                    torch::nn::BatchNorm2d(channels)))),
        fc(register_module("fc", torch::nn::Linear(channels, classes))),
        scale(register_parameter("scale", torch::ones({}))),
        offset(register_buffer("offset", torch::zeros({2}))) {}
  torch::nn::Sequential child;
  torch::nn::Linear fc;
  torch::Tensor scale, offset;
};
TORCH_MODULE(Tiny);

std::vector<std::string> names(const hub::StateDict& state) {
  std::vector<std::string> out;
  for (const auto& [name, tensor] : state) out.push_back(name);
  return out;
}

hub::StateDict copied(const hub::StateDict& state) {
  hub::StateDict out;
  for (const auto& [name, tensor] : state) out.emplace_back(name, tensor.clone());
  return out;
}

hub::StateDict without(hub::StateDict state, std::string_view name) {
  std::erase_if(state, [&](const auto& entry) { return entry.first == name; });
  return state;
}

TEST(StateDict, HasPythonsNamesAndOrder) {
  Tiny model;
  EXPECT_THAT(names(state_dict(*model)),
              testing::ElementsAre("scale", "offset", "stem.0.weight", "stem.1.weight", "stem.1.bias", "stem.1.running_mean",
                                   "stem.1.running_var", "stem.1.num_batches_tracked", "fc.weight", "fc.bias"));
}

TEST(StateDict, SharesMemoryAndWantsNoGradient) {
  Tiny model;
  const auto state = state_dict(*model);
  EXPECT_FALSE(state[0].second.requires_grad());
  state[0].second.fill_(7);
  EXPECT_EQ(model->scale.item<double>(), 7);
}

TEST(LoadStateDict, CopiesEverything) {
  Tiny from, to;
  EXPECT_TRUE(load_state_dict(*to, state_dict(*from)).ok());
  const auto a = state_dict(*from), b = state_dict(*to);
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TENSOR_EQ(b[i].second, a[i].second);
  EXPECT_TRUE(to->fc->weight.requires_grad());
  EXPECT_TRUE(to->fc->weight.is_leaf());
}

TEST(LoadStateDict, ConvertsTypes) {
  Tiny from, to;
  auto state = copied(state_dict(*from));
  for (auto& [name, tensor] : state) tensor = tensor.to(torch::kFloat64);
  load_state_dict(*to, state);
  EXPECT_TENSOR_EQ(to->fc->weight, from->fc->weight);
}

TEST(LoadStateDict, ListsAllThatDoesNotFitAndChangesNothing) {
  Tiny other(10), model(3);
  auto state = without(copied(state_dict(*other)), "scale");
  state.emplace_back("head.weight", torch::zeros({1}));
  const auto before = copied(state_dict(*model));
  EXPECT_ERROR(load_state_dict(*model, state), ValueError,
               "load_state_dict: the state dict does not fit the model\n"
               "  missing from the state dict (1):\n    scale\n"
               "  not in the model (1):\n    head.weight\n"
               "  of another shape or type (2):\n    fc.weight: (3, 4) in the model, (10, 4) in the state dict\n"
               "    fc.bias: (3,) in the model, (10,) in the state dict");
  const auto after = state_dict(*model);
  for (size_t i = 0; i < before.size(); ++i) EXPECT_TENSOR_EQ(after[i].second, before[i].second);
}

TEST(LoadStateDict, TellsTheFirstOfManyNames) {
  Tiny model;
  auto state = state_dict(*model);
  for (auto& [name, tensor] : state) name = "module." + name;
  try {
    load_state_dict(*model, state);
    FAIL();
  } catch (const hub::StateDictError& error) {
    EXPECT_TRUE(error.is_of_data_parallel());
    const std::string brief =
        "load_state_dict: the state dict does not fit the model\n"
        "  missing from the state dict (9):\n    scale\n    ... and 8 more\n"  // a count of batches may be absent
        "  not in the model (10):\n    module.scale\n    ... and 9 more\n"
        "  Its names begin with \"module.\", as DataParallel writes them: take that off and load again.";
    EXPECT_EQ(error.brief(1), brief);
    EXPECT_EQ(error.brief(10), error.what());
    EXPECT_EQ(hub::StateDictError("load_weights: ", error.report()).brief(1), "load_weights: " + brief);
  }
}

TEST(LoadStateDict, CopiesWhatFitsWhenNotStrict) {
  Tiny other(10), model(3);
  const auto report = load_state_dict(*model, without(state_dict(*other), "offset"), /*strict=*/false);
  EXPECT_THAT(report.missing, testing::ElementsAre("offset"));
  EXPECT_THAT(report.unexpected, testing::IsEmpty());
  EXPECT_EQ(report.mismatched.size(), 2u);
  EXPECT_TENSOR_EQ(state_dict(*model)[2].second, state_dict(*other)[2].second);
}

TEST(LoadStateDict, KeepsTheCountOfANormThatTheStateLacks) {
  Tiny from, to;
  for (auto& [name, tensor] : state_dict(*to)) {
    if (name == "stem.1.num_batches_tracked") tensor.fill_(5);
  }
  EXPECT_TRUE(load_state_dict(*to, without(state_dict(*from), "stem.1.num_batches_tracked")).ok());
  EXPECT_EQ(state_dict(*to)[7].second.item<int64_t>(), 5);
  EXPECT_ERROR(load_state_dict(*to, without(state_dict(*from), "stem.1.running_mean")), ValueError, "stem.1.running_mean");
}

TEST(LoadStateDict, TakesAnOldScalar) {
  Tiny model;
  auto state = copied(state_dict(*model));
  state[0].second = torch::full({1}, 3.0);
  load_state_dict(*model, state);
  EXPECT_EQ(model->scale.item<double>(), 3);
}

TEST(LoadStateDict, RefusesNamesThatStandTwiceAndUndefinedTensors) {
  Tiny model;
  auto state = state_dict(*model);
  state.push_back(state.back());
  EXPECT_ERROR(load_state_dict(*model, state), ValueError, "has \"fc.bias\" twice");
  state.back() = {"x", torch::Tensor()};
  EXPECT_ERROR(load_state_dict(*model, state), ValueError, "\"x\" is an undefined tensor");
}

TEST(LoadStateDict, TakesNoSparseAndNoMetaTensors) {
  Tiny model;
  auto state = state_dict(*model);
  for (auto& [name, tensor] : state) {
    if (name == "fc.weight") tensor = tensor.to_sparse();
    if (name == "fc.bias") tensor = tensor.to(torch::kMeta);
  }
  EXPECT_ERROR(load_state_dict(*model, state), ValueError,
               "fc.weight: in the state dict it is sparse\n    fc.bias: in the state dict it is a meta tensor");
}

TEST(LoadStateDict, SaysWhenDataParallelWroteTheNames) {
  Tiny model;
  hub::StateDict state;
  for (const auto& [name, tensor] : state_dict(*model)) state.emplace_back("module." + name, tensor);
  EXPECT_ERROR(load_state_dict(*model, state), ValueError, "as DataParallel writes them");
}

}  // namespace
}  // namespace opsis
