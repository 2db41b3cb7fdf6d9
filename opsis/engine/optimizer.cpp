#include "opsis/engine/optimizer.h"

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/instancenorm.h>
#include <torch/nn/modules/normalization.h>
#include <torch/optim/sgd.h>

#include <cmath>
#include <unordered_set>

#include "opsis/core/check.h"
#include "opsis/engine/adamw.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::engine {
namespace {

using hub::Value;
using torch::optim::AdamWOptions;
using torch::optim::AdamWParamState;
using torch::optim::SGD;
using torch::optim::SGDOptions;
using torch::optim::SGDParamState;

// What there is to know of an optimizer's class: how its options and the state of one parameter look in Python.
struct Layout {
  std::string_view name;
  const char* mark;  // an option that only this class has
  Value (*options)(const torch::optim::OptimizerOptions& options);
  void (*load_options)(torch::optim::OptimizerOptions& options, const Value& group);
  Value (*state)(const torch::optim::OptimizerParamState& state);
  std::unique_ptr<torch::optim::OptimizerParamState> (*load_state)(const torch::Tensor& parameter, const Value& state);
};

// A moment of an optimizer: as large as its parameter, and on its device.
torch::Tensor moment(const torch::Tensor& parameter, const Value& state, const char* name) {
  const auto saved = state.get<torch::Tensor>(name);
  OPSIS_CHECK(saved.sizes() == parameter.sizes(), "load_optimizer_state: {} is {} for a parameter of {}", name,
              detail::shape(saved), detail::shape(parameter));
  OPSIS_CHECK(hub::is_plain(saved), "load_optimizer_state: {} is a sparse or a meta tensor", name);
  return saved.to(parameter.options(), /*non_blocking=*/false, /*copy=*/true);
}

constexpr Layout sgd_layout{
    .name = "SGD",
    .mark = "momentum",
    .options =
        [](const torch::optim::OptimizerOptions& options) {
          const auto& sgd = static_cast<const SGDOptions&>(options);
          return Value::dict({{"lr", sgd.lr()},
                              {"momentum", sgd.momentum()},
                              {"dampening", sgd.dampening()},
                              {"weight_decay", sgd.weight_decay()},
                              {"nesterov", sgd.nesterov()}});
        },
    .load_options =
        [](torch::optim::OptimizerOptions& options, const Value& group) {
          auto& sgd = static_cast<SGDOptions&>(options);
          sgd.lr(group.get<double>("lr"));
          sgd.momentum(group.get<double>("momentum"));
          sgd.dampening(group.get<double>("dampening"));
          sgd.weight_decay(group.get<double>("weight_decay"));
          sgd.nesterov(group.get<bool>("nesterov"));
        },
    .state =
        [](const torch::optim::OptimizerParamState& state) {
          return Value::dict({{"momentum_buffer", static_cast<const SGDParamState&>(state).momentum_buffer()}});
        },
    .load_state = [](const torch::Tensor& parameter, const Value& state) -> std::unique_ptr<torch::optim::OptimizerParamState> {
      auto loaded = std::make_unique<SGDParamState>();
      loaded->momentum_buffer(moment(parameter, state, "momentum_buffer"));
      return loaded;
    },
};

constexpr Layout adamw_layout{
    .name = "AdamW",
    .mark = "betas",
    .options =
        [](const torch::optim::OptimizerOptions& options) {
          const auto& adamw = static_cast<const AdamWOptions&>(options);
          const auto [beta1, beta2] = adamw.betas();
          return Value::dict({{"lr", adamw.lr()},
                              {"betas", Value::tuple({beta1, beta2})},
                              {"eps", adamw.eps()},
                              {"weight_decay", adamw.weight_decay()},
                              {"amsgrad", adamw.amsgrad()}});
        },
    .load_options =
        [](torch::optim::OptimizerOptions& options, const Value& group) {
          auto& adamw = static_cast<AdamWOptions&>(options);
          adamw.lr(group.get<double>("lr"));
          adamw.betas({group.get<double>("betas", 0), group.get<double>("betas", 1)});
          adamw.eps(group.get<double>("eps"));
          adamw.weight_decay(group.get<double>("weight_decay"));
          OPSIS_CHECK(!group.get<bool>("amsgrad"), "load_optimizer_state: amsgrad is not among the options here");
        },
    .state =
        [](const torch::optim::OptimizerParamState& state) {
          const auto& adamw = static_cast<const AdamWParamState&>(state);
          // Python keeps the step as a float tensor.
          return Value::dict({{"step", torch::tensor(static_cast<float>(adamw.step()))},
                              {"exp_avg", adamw.exp_avg()},
                              {"exp_avg_sq", adamw.exp_avg_sq()}});
        },
    .load_state = [](const torch::Tensor& parameter, const Value& state) -> std::unique_ptr<torch::optim::OptimizerParamState> {
      auto loaded = std::make_unique<AdamWParamState>();
      const auto& step = state.at("step");
      loaded->step(step.is_tensor() ? step.as_tensor().item<int64_t>() : step.as_int());
      loaded->exp_avg(moment(parameter, state, "exp_avg"));
      loaded->exp_avg_sq(moment(parameter, state, "exp_avg_sq"));
      return loaded;
    },
};

const Layout& layout_of(torch::optim::Optimizer& optimizer) {
  if (dynamic_cast<SGD*>(&optimizer)) return sgd_layout;
  if (dynamic_cast<torch::optim::AdamW*>(&optimizer)) return adamw_layout;
  raise<ValueError>("optimizer_state: only SGD and AdamW can be saved");
}

template <class... Impl>
bool is_any(const torch::nn::Module& module) {
  return (... || (dynamic_cast<const Impl*>(&module) != nullptr));
}

bool is_norm(const torch::nn::Module& module) {
  using namespace torch::nn;
  return is_any<BatchNorm1dImpl, BatchNorm2dImpl, BatchNorm3dImpl, InstanceNorm1dImpl, InstanceNorm2dImpl, InstanceNorm3dImpl,
                GroupNormImpl, LayerNormImpl>(module);
}

void split_into(const torch::nn::Module& module, SplitParameters& split, std::unordered_set<const torch::nn::Module*>& seen) {
  if (!seen.insert(&module).second) return;
  const auto children = module.children();
  auto& own = children.empty() && is_norm(module) ? split.norms : split.others;
  for (const auto& parameter : module.parameters(/*recurse=*/false)) {
    if (parameter.requires_grad()) own.push_back(parameter);
  }
  for (const auto& child : children) split_into(*child, split, seen);
}

}  // namespace

std::unique_ptr<torch::optim::Optimizer> make_optimizer(std::vector<torch::Tensor> parameters,
                                                        const OptimizerOptions& options) {
  return make_grouped_optimizer(std::vector<std::vector<torch::Tensor>>{std::move(parameters)}, options);
}

std::unique_ptr<torch::optim::Optimizer> make_grouped_optimizer(const std::vector<std::vector<torch::Tensor>>& groups,
                                                                const OptimizerOptions& options) {
  OPSIS_CHECK(options.lr >= 0 && std::isfinite(options.lr), "make_optimizer: lr must be a number from 0 on, got {}",
              options.lr);
  OPSIS_CHECK(options.weight_decay >= 0, "make_optimizer: weight_decay must be a number from 0 on, got {}",
              options.weight_decay);
  std::vector<torch::optim::OptimizerParamGroup> all;
  for (const auto& parameters : groups) all.emplace_back(parameters);
  if (options.kind == OptimizerOptions::Kind::SGD) {
    OPSIS_CHECK(options.momentum >= 0, "make_optimizer: momentum must not be negative, got {}", options.momentum);
    OPSIS_CHECK(!options.nesterov || options.momentum > 0, "make_optimizer: nesterov needs a momentum");
    return std::make_unique<SGD>(
        std::move(all),
        SGDOptions(options.lr).momentum(options.momentum).weight_decay(options.weight_decay).nesterov(options.nesterov));
  }
  const auto [beta1, beta2] = options.betas;
  OPSIS_CHECK(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1,
              "make_optimizer: betas must be from 0 to below 1, got {} and {}", beta1, beta2);
  OPSIS_CHECK(options.eps >= 0, "make_optimizer: eps must not be negative, got {}", options.eps);
  return std::make_unique<AdamW>(
      std::move(all), AdamWOptions(options.lr).betas({beta1, beta2}).eps(options.eps).weight_decay(options.weight_decay));
}

std::vector<torch::Tensor> learning_parameters(const torch::nn::Module& model) {
  auto parameters = model.parameters();
  std::erase_if(parameters, [](const auto& parameter) { return !parameter.requires_grad(); });
  return parameters;
}

SplitParameters split_normalization_params(const torch::nn::Module& model) {
  SplitParameters split;
  std::unordered_set<const torch::nn::Module*> seen;
  split_into(model, split, seen);
  return split;
}

void set_weight_decay(torch::optim::Optimizer& optimizer, std::span<const double> decays) {
  auto& groups = optimizer.param_groups();
  OPSIS_CHECK(decays.size() == groups.size(), "set_weight_decay: there are {} numbers for {} groups of parameters",
              decays.size(), groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    OPSIS_CHECK(decays[i] >= 0, "set_weight_decay: a weight decay must be a number from 0 on, got {}", decays[i]);
    auto& options = groups[i].options();
    if (auto* sgd = dynamic_cast<SGDOptions*>(&options)) {
      sgd->weight_decay(decays[i]);
    } else if (auto* adamw = dynamic_cast<AdamWOptions*>(&options)) {
      adamw->weight_decay(decays[i]);
    } else {
      raise<ValueError>("set_weight_decay: only of SGD and AdamW");
    }
  }
}

void set_learning_rate(torch::optim::Optimizer& optimizer, double lr, std::span<const double> factors) {
  auto& groups = optimizer.param_groups();
  OPSIS_CHECK(factors.empty() || factors.size() == groups.size(),
              "set_learning_rate: there are {} factors for {} groups of parameters", factors.size(), groups.size());
  for (size_t i = 0; i < groups.size(); ++i) groups[i].options().set_lr(factors.empty() ? lr : lr * factors[i]);
}

Value optimizer_state(torch::optim::Optimizer& optimizer) {
  const auto& layout = layout_of(optimizer);
  auto states = Value::dict();
  auto groups = Value::list();
  int64_t number = 0;  // parameters are numbered over all groups
  for (const auto& group : optimizer.param_groups()) {
    auto numbers = Value::list();
    for (const auto& parameter : group.params()) {
      const auto found = optimizer.state().find(parameter.unsafeGetTensorImpl());
      if (found != optimizer.state().end()) states.set(number, layout.state(*found->second));
      numbers.push_back(number++);
    }
    auto options = layout.options(group.options());
    options.set("params", std::move(numbers));
    groups.push_back(std::move(options));
  }
  return Value::dict({{"state", std::move(states)}, {"param_groups", std::move(groups)}});
}

void load_optimizer_state(torch::optim::Optimizer& optimizer, const Value& state) {
  const auto& layout = layout_of(optimizer);
  auto& groups = optimizer.param_groups();
  const auto saved = state.at("param_groups").items().size();
  OPSIS_CHECK(saved == groups.size(), "load_optimizer_state: {} parameter groups are saved, the optimizer has {}", saved,
              groups.size());
  std::vector<torch::Tensor> parameters;
  for (size_t g = 0; g < groups.size(); ++g) {
    const auto count = state.at("param_groups", g, "params").items().size();
    OPSIS_CHECK(count == groups[g].params().size(),
                "load_optimizer_state: group {} has {} parameters saved, {} in the optimizer", g, count,
                groups[g].params().size());
    OPSIS_CHECK(
        state.at("param_groups", g).contains(layout.mark),
        "load_optimizer_state: the optimizer is {}, what was saved is not (it has no \"{}\"); go on with the one that was "
        "trained with, or load the model's weights alone",
        layout.name, layout.mark);
    parameters.insert(parameters.end(), groups[g].params().begin(), groups[g].params().end());
  }

  // All of it is read before any of it counts.
  std::remove_reference_t<decltype(optimizer.state())> loaded;
  for (const auto& [number, entry] : state.at("state").entries()) {
    const auto place = number.as_int();
    OPSIS_CHECK(place >= 0 && place < std::ssize(parameters), "load_optimizer_state: there is no parameter {}", place);
    const auto& parameter = parameters[static_cast<size_t>(place)];
    loaded[parameter.unsafeGetTensorImpl()] = layout.load_state(parameter, entry);
  }
  for (size_t g = 0; g < groups.size(); ++g) layout.load_options(groups[g].options(), state.at("param_groups", g));
  optimizer.state() = std::move(loaded);
}

}  // namespace opsis::inline v1::engine
