#include "opsis/models/quantization/quantize.h"

#include <ATen/Context.h>
#include <ATen/ops/rand.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/hub/checkpoint.h"
#include "opsis/models/quantization/fake_quantize.h"
#include "opsis/ops/activation.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::quantization {
namespace {

using hub::Value;

at::QEngine engine_of(std::string_view backend) {
  if (backend == "fbgemm") return at::QEngine::FBGEMM;
  if (backend == "x86") return at::QEngine::X86;
  if (backend == "qnnpack") return at::QEngine::QNNPACK;
  if (backend == "onednn") return at::QEngine::ONEDNN;
  raise<ValueError>("quantize: no backend is named \"{}\"; there are fbgemm, x86, qnnpack and onednn", backend);
}

std::unique_ptr<Observer> make_observer(const QConfig& config) {
  if (config.histogram) return std::make_unique<HistogramObserver>(config.most);
  return std::make_unique<MinMaxObserver>(config.most);
}

bool is_measured(const torch::nn::Module& layer) {
  return layer.as<FoldedConv2dImpl>() || layer.as<torch::nn::Conv2dImpl>() || layer.as<torch::nn::LinearImpl>() ||
         layer.as<ops::HardswishImpl>();
}

Layer converted(const ObservedImpl& observed, bool per_channel) {
  if (observed.layer.module()->as<ops::HardsigmoidImpl>()) return observed.layer;  // its kernel knows its own scale
  const auto qparams = observed.observer->qparams();
  auto& inner = *observed.layer.module();
  if (const auto* conv = inner.as<FoldedConv2dImpl>()) {
    return QuantizedConv2d(conv->options, quantize_weight(conv->weight, per_channel), conv->bias.detach(), conv->relu, qparams);
  }
  const auto bias_of = [](const torch::Tensor& bias) { return bias.defined() ? bias.detach() : bias; };
  if (const auto* conv = inner.as<torch::nn::Conv2dImpl>()) {
    return QuantizedConv2d(conv->options, quantize_weight(conv->weight, per_channel), bias_of(conv->bias), false, qparams);
  }
  if (const auto* linear = inner.as<torch::nn::LinearImpl>()) {
    return QuantizedLinear(quantize_weight(linear->weight, per_channel), bias_of(linear->bias), qparams);
  }
  return QuantizedHardswish(qparams);
}

/// Names and values in the order of Python's state_dict; where each comes from is told too.
struct Holder {
  QuantizedState* state;  // or nullptr: plain tensors
  std::string prefix;
  QuantizedState::Entries entries;
  bool may_be_absent = false;            // older states lack it
  std::vector<torch::Tensor> targets{};  // of plain ones
};

void collect_state(torch::nn::Module& module, const std::string& prefix, std::vector<Holder>& out, bool may_be_absent = false) {
  if (auto* own = dynamic_cast<QuantizedState*>(&module)) {
    if (auto entries = own->state(); !entries.empty()) {
      out.push_back({own, prefix, std::move(entries)});
      return;
    }
  }
  may_be_absent |= module.as<FixedFakeQuantizeImpl>() != nullptr;
  Holder plain{nullptr, prefix, {}, may_be_absent};
  const auto add = [&](const auto& entry) {
    plain.entries.emplace_back(entry.key(), entry.value());
    plain.targets.push_back(entry.value());
  };
  for (const auto& entry : module.named_parameters(/*recurse=*/false)) add(entry);
  for (const auto& entry : module.named_buffers(/*recurse=*/false)) add(entry);
  if (!plain.entries.empty()) out.push_back(std::move(plain));
  for (const auto& child : module.named_children()) {
    collect_state(*child.value(), prefix + child.key() + ".", out, may_be_absent);
  }
}

/// Python has no module around a layer that is measured.
hub::StateVersions versions_of(const torch::nn::Module& model) {
  auto versions = hub::state_dict(model).versions;
  for (const auto& module : model.named_modules()) {
    if (!module.value()->as<ObservedImpl>()) continue;
    std::erase_if(versions, [inner = module.key() + ".layer"](const auto& entry) { return entry.first == inner; });
  }
  return versions;
}

/// The names under which linear layers had weight and bias before they were one entry.
using Names = std::unordered_map<std::string_view, const Value*>;
std::optional<Value> older_linear(const Names& given, const std::string& name, std::unordered_set<std::string>& used) {
  constexpr std::string_view today = "_packed_params._packed_params";
  if (!name.ends_with(today)) return {};
  const auto layer = name.substr(0, name.size() - today.size());
  for (const auto* part : {"_packed_params.", ""}) {
    const auto weight = layer + part + "weight", bias = layer + part + "bias";
    if (!given.contains(weight) || !given.contains(bias)) continue;
    used.insert({weight, bias});
    return Value::tuple({*given.at(weight), *given.at(bias)});
  }
  return {};
}

/// Buffers that states of version 1 lack: the norms' counts, the observers' epsilon. The model's own stay.
bool came_later(std::string_view name) { return name == "num_batches_tracked" || name == "eps"; }

/// What does not fit when `given` stands in for `own`, or nothing.
std::string misfit(const Value& own, const Value& given) {
  if (own.is_tuple() != given.is_tuple() || (own.is_tensor() && !given.is_tensor())) {
    return text("{} in the model, {} in the state", own.kind(), given.kind());
  }
  if (own.is_tuple()) {
    if (given.items().size() != own.items().size()) return "a tuple of another length";
    for (size_t i = 0; i < own.items().size(); ++i) {
      if (auto why = misfit(own.items()[i], given.items()[i]); !why.empty()) return why;
    }
  }
  if (!own.is_tensor()) return {};
  const auto &a = own.as_tensor(), &b = given.as_tensor();
  if (!hub::is_plain(b)) return "a sparse or a meta tensor";
  if (!a.is_quantized() && !b.is_quantized() && a.is_floating_point() != b.is_floating_point()) {
    return text("{} in the model, {} in the state", a.scalar_type(), b.scalar_type());
  }
  if (a.numel() == 1 && b.numel() == 1 && !a.is_quantized()) return {};  // scales are scalars here and lists of one there
  if (a.sizes() != b.sizes()) {
    return text("{} in the model, {} in the state", opsis::detail::shape(a), opsis::detail::shape(b));
  }
  if (a.is_quantized() != b.is_quantized() || (a.is_quantized() && a.scalar_type() != b.scalar_type())) {
    return text("{} in the model, {} in the state", a.scalar_type(), b.scalar_type());
  }
  return {};
}

}  // namespace

void detail::visit(torch::nn::Module& module, const std::function<void(torch::nn::Module&)>& act) {
  act(module);
  for (const auto& child : module.children()) visit(*child, act);
}

QConfig get_default_qconfig(std::string_view backend) {
  switch (engine_of(backend)) {
    case at::QEngine::QNNPACK: return {.histogram = true, .most = 255, .per_channel = false};
    case at::QEngine::ONEDNN: return {.histogram = true, .most = 255, .per_channel = true};
    default: return {};
  }
}

void set_engine(std::string_view backend) {
  const auto engine = engine_of(backend);
  const auto& there = at::globalContext().supportedQEngines();
  OPSIS_CHECK(std::find(there.begin(), there.end(), engine) != there.end(),
              "quantize: this LibTorch has no kernels of {} for this machine", backend);
  at::globalContext().setQEngine(engine);
}

void fuse(Slots& slots, std::initializer_list<std::string_view> names) {
  const auto first = slots.slot(*names.begin()).module();
  if (first->as<FoldedConv2dImpl>() || first->as<QatConv2dImpl>() || first->as<ObservedImpl>()) return;  // fused before
  const auto conv = std::dynamic_pointer_cast<torch::nn::Conv2dImpl>(first);
  OPSIS_CHECK(conv, "fuse: \"{}\" is no convolution", *names.begin());
  std::shared_ptr<torch::nn::Module> norm;
  bool relu = false;
  for (const auto* name = names.begin() + 1; name != names.end(); ++name) {
    const auto& layer = slots.slot(*name).module();
    if (layer->as<torch::nn::BatchNorm2dImpl>()) {
      norm = layer;
    } else if (layer->as<torch::nn::ReLUImpl>()) {
      relu = true;
    } else {
      raise<ValueError>("fuse: \"{}\", a {}, cannot be folded into a convolution", *name, layer->name());
    }
  }
  const auto fused = conv->is_training() ? Layer(QatConv2d(conv, norm, relu)) : Layer(FoldedConv2d(*conv, norm.get(), relu));
  slots.swap(*names.begin(), fused);
  for (const auto* name = names.begin() + 1; name != names.end(); ++name) slots.swap(*name, torch::nn::Identity());
}

void prepare(QuantizableClassifier& model, const QConfig& config) {
  OPSIS_CHECK(!model.is_quantized(), "prepare: the model is quantized already");
  model.per_channel_ = config.per_channel;
  detail::visit(model, [&](torch::nn::Module& module) {
    OPSIS_CHECK(!module.as<QatConv2dImpl>(), "prepare: the model was fused while in training; use prepare_qat");
    if (auto* arithmetic = module.as<FloatFunctionalImpl>()) arithmetic->observe_by(make_observer(config));
    if (auto* stub = module.as<QuantStubImpl>()) stub->observe_by(make_observer(config));
    auto* slots = dynamic_cast<Slots*>(&module);
    if (!slots) return;
    for (const auto& [name, layer] : std::vector(slots->slots())) {
      if (is_measured(*layer.module())) slots->swap(name, Observed(layer, make_observer(config)));
    }
  });
}

void prepare_qat(QuantizableClassifier& model, const QConfig& config) {
  OPSIS_CHECK(!model.is_quantized(), "prepare_qat: the model is quantized already");
  OPSIS_CHECK(model.is_training(), "prepare_qat: the model must be in training; call train() first");
  detail::visit(model, [&](torch::nn::Module& module) {
    const auto* conv = module.as<QatConv2dImpl>();
    OPSIS_CHECK(!module.as<FakeQuantizeImpl>() && !(conv && conv->is_prepared()), "prepare_qat: the model is prepared already");
    OPSIS_CHECK(!module.as<FoldedConv2dImpl>(),
                "prepare_qat: the model was fused in evaluation, which folds its norms away; fuse it after train()");
  });
  const auto observer = [&] { return FakeQuantize(config.most).ptr(); };
  const auto prepared = [&](const Layer& layer) -> Layer {
    const auto& module = layer.module();
    if (const auto fused = std::dynamic_pointer_cast<QatConv2dImpl>(module)) {
      if (!fused->is_prepared()) fused->prepare(config.most, config.per_channel);
    } else if (const auto conv = std::dynamic_pointer_cast<torch::nn::Conv2dImpl>(module)) {
      QatConv2d qat(conv, nullptr, false);
      qat->prepare(config.most, config.per_channel);
      return qat;
    } else if (const auto linear = std::dynamic_pointer_cast<torch::nn::LinearImpl>(module)) {
      return QatLinear(linear, config.most, config.per_channel);
    } else if (module->as<ops::HardswishImpl>()) {
      return Observed(layer, observer());
    } else if (module->as<ops::HardsigmoidImpl>()) {
      return Observed(layer, FixedFakeQuantize().ptr());
    }
    return layer;
  };
  detail::visit(model, [&](torch::nn::Module& module) {
    if (auto* arithmetic = module.as<FloatFunctionalImpl>()) arithmetic->observe_by(observer());
    if (auto* stub = module.as<QuantStubImpl>()) stub->observe_by(observer());
    auto* slots = dynamic_cast<Slots*>(&module);
    if (!slots) return;
    for (const auto& [name, layer] : std::vector(slots->slots())) {
      if (auto replacement = prepared(layer); replacement.module() != layer.module()) slots->swap(name, replacement);
    }
  });
}

void convert(QuantizableClassifier& model) {
  OPSIS_CHECK(!model.is_quantized(), "convert: the model is quantized already");
  const torch::NoGradGuard no_grad;
  detail::visit(model, [&](torch::nn::Module& module) {
    if (auto* arithmetic = module.as<FloatFunctionalImpl>()) arithmetic->convert();
    if (auto* stub = module.as<QuantStubImpl>()) stub->convert();
    auto* slots = dynamic_cast<Slots*>(&module);
    if (!slots) return;
    for (const auto& [name, layer] : std::vector(slots->slots())) {
      auto& held = *layer.module();
      if (const auto* observed = held.as<ObservedImpl>()) slots->swap(name, converted(*observed, model.per_channel_));
      if (auto* conv = held.as<QatConv2dImpl>(); conv && conv->is_prepared()) slots->swap(name, conv->converted());
      if (auto* linear = held.as<QatLinearImpl>()) slots->swap(name, linear->converted());
    }
  });
  model.quantized_ = true;
}

void quantize(QuantizableClassifier& model, const std::function<void(ImageClassifier&)>& calibrate, std::string_view backend) {
  OPSIS_CHECK(!model.is_quantized(), "quantize: the model is quantized already");
  set_engine(backend);
  const torch::NoGradGuard no_grad;
  model.eval();
  model.fuse_model();
  prepare(model, get_default_qconfig(backend));
  calibrate(model);
  convert(model);
}

void quantize_model(QuantizableClassifier& model, std::string_view backend, int64_t in_channels) {
  OPSIS_CHECK(!model.is_quantized(), "quantize_model: the model is quantized already");
  const auto image = at::rand({1, in_channels, 299, 299}, random::current());
  set_engine(backend);
  const torch::NoGradGuard no_grad;
  model.eval();
  model.fuse_model();
  const bool qnnpack = engine_of(backend) == at::QEngine::QNNPACK;
  prepare(model, {.histogram = false, .most = 127, .per_channel = !qnnpack});
  model.forward(image);
  convert(model);
}

Value quantized_state(const torch::nn::Module& model) {
  std::vector<Holder> holders;
  collect_state(const_cast<torch::nn::Module&>(model), "", holders);  // nothing is changed
  std::vector<Value::Item> items;
  for (auto& holder : holders) {
    for (auto& [name, value] : holder.entries) items.emplace_back(holder.prefix + name, std::move(value));
  }
  auto state = Value::dict(std::move(items));
  state.set_versions(versions_of(model));
  return state;
}

void load_quantized_state(torch::nn::Module& model, const Value& state) {
  Names given;
  for (const auto& [key, value] : state.entries()) given.emplace(key.as_string(), &value);
  std::vector<Holder> holders;
  collect_state(model, "", holders);

  std::string wrong;
  std::unordered_set<std::string> used;
  for (auto& holder : holders) {
    for (auto& [own_name, own] : holder.entries) {
      const auto name = holder.prefix + own_name;
      std::optional<Value> value;
      if (const auto found = given.find(name); found != given.end()) {
        value = *found->second;
        used.insert(name);
      } else {
        value = older_linear(given, name, used);
      }
      // A string is a type, which older states did not tell.
      if (!value && (holder.may_be_absent || own.is_string() || (!holder.state && came_later(own_name)))) continue;
      const auto why = value ? misfit(own, *value) : "missing from the state";
      if (!why.empty()) wrong += text("\n  {}: {}", name, why);
      if (value) own = std::move(*value);
    }
  }
  for (const auto& [name, value] : given) {
    if (!used.contains(std::string(name))) wrong += text("\n  {}: not in the model", name);
  }
  OPSIS_CHECK(wrong.empty(), "load_quantized_state: the state does not fit the model{}", wrong);

  const torch::NoGradGuard no_grad;
  for (auto& holder : holders) {
    if (holder.state) {
      std::vector<Value> values;
      for (auto& [name, value] : holder.entries) values.push_back(std::move(value));
      if (!values.empty()) holder.state->set_state(values);
    } else {
      for (size_t i = 0; i < holder.entries.size(); ++i) {
        holder.targets[i].copy_(holder.entries[i].second.as_tensor().view_as(holder.targets[i]));
      }
    }
  }
}

void detail::load_quantized_weights(torch::nn::Module& model, const Weights& weights) {
  const auto file = weights_file(weights);
  const auto state = hub::load(file);
  try {
    load_quantized_state(model, state);
  } catch (const ValueError& error) {
    raise_because<ValueError>(error, "load_weights: {} does not fit {}: ", file.string(), model.name());
  }
}

}  // namespace opsis::inline v1::models::quantization
