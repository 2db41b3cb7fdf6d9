// The layers that models share, each against torchvision's.
#include <torch/torch.h>

#include <map>
#include <sstream>

#include "opsis/hub/state_dict.h"
#include "opsis/models/renames.h"
#include "opsis/ops.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using ops::Layer;

Layer two_groups(int64_t channels) { return torch::nn::GroupNorm(2, channels); }

// The same as in tests/oracle/ops_layers.py.
Layer make(const std::string& name) {
  using namespace ops;  // NOLINT
  using Conv = Conv2dNormActivation;
  static const std::map<std::string, std::function<Layer()>> all{
      {"conv", [] { return Conv(3, 8); }},
      {"conv_stride", [] { return Conv(3, 8, {.kernel_size = 5, .stride = 2, .activation_layer = [] { return relu6(); }}); }},
      {"conv_dilated",
       [] {
         return Conv(3, 6,
                     {.kernel_size = torch::ExpandingArray<2>({3, 5}),
                      .groups = 3,
                      .activation_layer = [] { return silu(); },
                      .dilation = torch::ExpandingArray<2>({2, 1})});
       }},
      {"conv_bare",
       [] {
         return Conv(3, 8, {.padding = torch::ExpandingArray<2>({0, 2}), .norm_layer = nullptr, .activation_layer = nullptr});
       }},
      {"conv_biased",
       [] { return Conv(3, 8, {.norm_layer = two_groups, .activation_layer = [] { return hardswish(); }, .bias = true}); }},
      {"squeeze", [] { return SqueezeExcitation(3, 2); }},
      {"squeeze_hard",
       [] {
         return SqueezeExcitation(
             3, 1, [] { return silu(false); }, [] { return hardsigmoid(false); });
       }},
      {"mlp",
       [] {
         return MLP(10, {7, 5});
       }},
      {"mlp_norm",
       [] {
         return MLP(10, {7, 6, 5}, {.norm_layer = layer_norm(), .activation_layer = gelu, .dropout = 0.4});
       }},
      {"mlp_bare", [] { return MLP(10, {3}, {.bias = false, .dropout = 0.2}); }},
      {"permute",
       [] {
         return Permute(std::vector<int64_t>{0, 2, 3, 1});
       }},
      {"depth", [] { return StochasticDepth(0.5, "row"); }},
      {"depth_batch", [] { return StochasticDepth(0.3, "batch"); }},
      {"layer_norm_2d", [] { return LayerNorm2d(torch::nn::LayerNormOptions({3}).eps(1e-6)); }},
  };
  return all.at(name)();
}

TEST(Layers, AreTorchvisionsFromTheSameSeed) {
  for (const auto& c : oracle::cases("ops_layers/layers")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(1);
    const auto layer = make(c.text("layer"));
    auto& module = *layer.module();
    std::vector<std::string> names, modules;
    std::vector<int64_t> begins;
    for (const auto& [name, tensor] : hub::state_dict(module)) {
      names.push_back(name);
      begins.push_back(support::checksum(tensor));
    }
    for (const auto& entry : module.named_modules()) modules.push_back(entry.key());
    EXPECT_EQ(names, c.texts("names"));
    EXPECT_EQ(modules, c.texts("modules"));
    EXPECT_EQ(begins, c.ints("begins"));

    const auto x = c.tensor("x");
    {
      const torch::NoGradGuard no_grad;
      module.eval();
      EXPECT_TENSOR_NEAR(layer(x.clone()), c.tensor("evaluated"), 1e-6, 0);
    }
    module.train();
    const auto input = x.clone().requires_grad_();
    const auto trained = layer(input.clone());
    EXPECT_TENSOR_NEAR(trained.detach(), c.tensor("trained"), 1e-6, 0);
    trained.square().sum().backward();
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
    EXPECT_TENSOR_NEAR(input.grad(), c.tensor("gradient"), 1e-5, 0);
    const auto gradients = c.numbers("gradients");
    const auto parameters = module.parameters();
    ASSERT_EQ(parameters.size(), gradients.size());
    for (size_t i = 0; i < gradients.size(); ++i) {
      EXPECT_NEAR(parameters[i].grad().to(torch::kFloat64).norm().item<double>(), gradients[i], 1e-5 * (1 + gradients[i]));
    }
  }
}

TEST(Activations, AreTorchsAndWorkInPlaceUnlessToldNotTo) {
  const std::map<std::string, std::function<Layer(bool)>> makers{
      {"relu", [](bool inplace) { return ops::relu(inplace); }},
      {"relu6", [](bool inplace) { return ops::relu6(inplace); }},
      {"silu", [](bool inplace) { return ops::silu(inplace); }},
      {"hardswish", [](bool inplace) { return ops::hardswish(inplace); }},
      {"hardsigmoid", [](bool inplace) { return ops::hardsigmoid(inplace); }},
      {"gelu", [](bool) { return ops::gelu(); }},
      {"sigmoid", [](bool) { return ops::sigmoid(); }},
  };
  for (const auto& c : oracle::cases("ops_layers/activations")) {
    SCOPED_TRACE(c.name());
    const auto name = c.text("kind");
    for (const bool inplace : {true, false}) {
      const auto x = c.tensor("x").clone();
      const auto out = makers.at(name)(inplace)(x);
      EXPECT_TENSOR_EQ(out, c.tensor("expected"));
      EXPECT_EQ(out.is_alias_of(x), inplace && name != "gelu" && name != "sigmoid");
      if (!inplace) {
        EXPECT_TENSOR_EQ(x, c.tensor("x"));
      }
    }
  }
}

TEST(StochasticDepth, DrawsAndRefusesAsTorchvisions) {
  for (const auto& c : oracle::cases("ops_layers/stochastic_depth")) {
    SCOPED_TRACE(c.name());
    const auto p = c.number("p");
    const auto mode = c.text("mode");
    if (c.boolean("fails")) {
      EXPECT_ERROR(ops::stochastic_depth(torch::rand({6, 2, 3}), p, mode, c.boolean("training")), ValueError,
                   "stochastic_depth: ");
      continue;
    }
    torch::manual_seed(3);
    EXPECT_TENSOR_EQ(ops::stochastic_depth(c.tensor("x"), p, mode, c.boolean("training")), c.tensor("expected"));
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
  }
  EXPECT_ERROR(ops::stochastic_depth(torch::tensor(1.0), 0.5, "row"), ValueError,
               "stochastic_depth: of mode \"row\" the input must have rows, got a scalar");
}

TEST(StochasticDepth, RefusesTypesThatTorchvisionRefuses) {
  for (const auto& c : oracle::cases("ops_layers/stochastic_depth_types")) {
    SCOPED_TRACE(c.name());
    const auto x = c.tensor("x");
    if (c.boolean("fails")) {
      EXPECT_ERROR(ops::stochastic_depth(x, c.number("p"), c.text("mode")), ValueError,
                   "stochastic_depth: input must be float32, float64, float16 or bfloat16, got ");
      continue;
    }
    torch::manual_seed(3);
    EXPECT_TENSOR_EQ(ops::stochastic_depth(x, c.number("p"), c.text("mode")), c.tensor("expected"));
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
  }
  for (const auto type : {torch::kComplexFloat, torch::kFloat8_e4m3fn}) {
    EXPECT_ERROR(ops::stochastic_depth(torch::zeros({2, 3}, type), 1, "row"), ValueError, "stochastic_depth: input must be");
  }
}

TEST(StochasticDepth, PrintsItself) {
  std::ostringstream out;
  out << *ops::StochasticDepth(0.25, "row") << *ops::StochasticDepth(1, "batch");
  EXPECT_EQ(out.str(), "StochasticDepth(p=0.25, mode=row)StochasticDepth(p=1.0, mode=batch)");
}

TEST(MLP, RefusesNoLayers) {
  EXPECT_ERROR(ops::MLP(4, std::vector<int64_t>{}), ValueError, "MLP: hidden_channels must name at least");
}

TEST(Sequential, NamesItsLayersAndGivesThemBack) {
  ops::Sequential layers(std::vector<Layer>{ops::relu(), torch::nn::Linear(4, 2)});
  layers->append("last", ops::sigmoid());
  EXPECT_EQ(layers->size(), 3u);
  EXPECT_NE((*layers)[1].module()->as<torch::nn::Linear>(), nullptr);
  EXPECT_EQ(layers->named_children().keys(), (std::vector<std::string>{"0", "1", "last"}));
  EXPECT_EQ(layers(torch::rand({3, 4})).sizes(), (std::vector<int64_t>{3, 2}));
  EXPECT_TENSOR_EQ(ops::Sequential()(torch::ones({2})), torch::ones({2}));
  EXPECT_FALSE(Layer());
  EXPECT_FALSE(Layer(torch::nn::Linear(nullptr)));
}

// Tells what it hears.
class Listener final : public ops::Observer {
 public:
  void enter(const torch::nn::Module& module) override { heard.push_back("in " + module.name()); }
  void leave(const torch::nn::Module& module, const torch::Tensor&) override { heard.push_back("out " + module.name()); }
  std::vector<std::string> heard;
};

TEST(Observer, HearsOfEveryModuleWhileItLives) {
  ops::Sequential layers(std::vector<Layer>{ops::silu(), ops::Permute(std::vector<int64_t>{1, 0})});
  const std::vector<std::string> expected{"in Sequential", "in SiLU",     "out SiLU",
                                          "in Permute",    "out Permute", "out Sequential"};
  {
    Listener outer;
    {
      Listener inner;
      layers(torch::rand({2, 3}));
      EXPECT_EQ(inner.heard, expected);
    }
    EXPECT_TRUE(outer.heard.empty());  // the innermost alone is told
    layers(torch::rand({2, 3}));
    EXPECT_EQ(outer.heard, expected);
  }
  layers(torch::rand({2, 3}));
}

TEST(Renames, AreTorchvisions) {
  for (const auto& c : oracle::cases("ops_layers/renamed_densenet")) {
    EXPECT_EQ(models::detail::renamed(c.text("old")).value_or(c.text("old")), c.text("expected")) << c.text("old");
  }
  for (const auto& c : oracle::cases("ops_layers/renamed_vit")) {
    EXPECT_EQ(models::detail::renamed(c.text("old")).value_or(c.text("old")), c.text("expected")) << c.text("old");
  }
}

}  // namespace
}  // namespace opsis
