#include "opsis/engine/optimizer.h"

#include <torch/torch.h>

#include "opsis/hub.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::engine {
namespace {

OptimizerOptions options_of(const std::string& name) {
  return {.kind = name == "sgd" ? OptimizerOptions::Kind::SGD : OptimizerOptions::Kind::AdamW, .lr = 0.1, .weight_decay = 0.01};
}

TEST(Optimizer, GoesOnFromWhatPythonSaved) {
  for (const auto& c : oracle::cases("engine/optimizer_state")) {
    SCOPED_TRACE(c.name());
    const auto name = c.text("optimizer");
    const auto saved = hub::load(oracle::folder() / "engine" / ("after_two_" + name + ".pth"));
    torch::nn::Linear model(4, 3);
    hub::load_state_dict(*model, saved.get<hub::StateDict>("model"));
    const auto optimizer = make_optimizer(model->parameters(), options_of(name));
    load_optimizer_state(*optimizer, saved.at("optimizer"));

    model(c.tensor("x")).square().mean().backward();
    optimizer->step();
    EXPECT_TENSOR_EQ(model->weight, c.tensor("weight"));
    EXPECT_TENSOR_EQ(model->bias, c.tensor("bias"));
  }
}

TEST(Optimizer, StateSurvivesAFileBitForBit) {
  const support::TemporaryFolder folder;
  for (const std::string name : {"sgd", "adamw"}) {
    SCOPED_TRACE(name);
    torch::manual_seed(0);
    torch::nn::Linear first(4, 3), second(4, 3);
    const auto x = torch::randn({5, 4});
    const auto step = [&](torch::nn::Linear& model, torch::optim::Optimizer& optimizer) {
      optimizer.zero_grad();
      model(x).square().mean().backward();
      optimizer.step();
    };
    const auto one = make_optimizer(first->parameters(), options_of(name));
    step(first, *one);
    hub::save(folder.path() / "state.pth", optimizer_state(*one));

    hub::load_state_dict(*second, hub::state_dict(*first));
    const auto two = make_optimizer(second->parameters(), options_of(name));
    load_optimizer_state(*two, hub::load(folder.path() / "state.pth"));
    step(first, *one);
    step(second, *two);
    EXPECT_TENSOR_EQ(first->weight, second->weight);
  }
}

TEST(Optimizer, RefusesTheStateOfAnother) {
  torch::nn::Linear model(4, 3), other(2, 3);
  const auto sgd = make_optimizer(model->parameters(), options_of("sgd"));
  const auto smaller = make_optimizer(other->parameters(), options_of("sgd"));
  model(torch::ones({1, 4})).sum().backward();
  sgd->step();
  EXPECT_ERROR(load_optimizer_state(*smaller, optimizer_state(*sgd)), ValueError,
               "load_optimizer_state: momentum_buffer is (3, 4) for a parameter of (3, 2)");
  const auto adamw = make_optimizer(model->parameters(), options_of("adamw"));
  EXPECT_ERROR(load_optimizer_state(*adamw, optimizer_state(*sgd)), ValueError,
               "the optimizer is AdamW, what was saved is not (it has no \"betas\")");
  const auto one = make_optimizer({model->weight}, options_of("sgd"));
  EXPECT_ERROR(load_optimizer_state(*one, optimizer_state(*sgd)), ValueError,
               "group 0 has 2 parameters saved, 1 in the optimizer");
}

TEST(Optimizer, RefusesNegativeRates) {
  EXPECT_ERROR(make_optimizer({}, {.lr = -1}), ValueError, "make_optimizer: lr must be a number from 0 on, got -1");
  EXPECT_ERROR(make_optimizer({}, {.weight_decay = -1}), ValueError, "weight_decay");
  EXPECT_ERROR(make_optimizer({}, {.momentum = 0, .nesterov = true}), ValueError, "nesterov needs a momentum");
}

}  // namespace
}  // namespace opsis::engine
