#include "opsis/models/fusion.h"

#include <array>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "opsis/models/inference_ops.h"

namespace opsis::inline v1::models::detail {
namespace {

using c10::IValue;
using torch::Tensor;

// Who writes and who reads each slot.
class Graph {
 public:
  explicit Graph(Program& program)
      : program_(program), producers_(program.slots(), nullptr), users_(program.slots()), gone_(program.steps.size(), false) {
    for (auto& step : program.steps) {
      for (size_t i = 0; i < step.inputs.size(); ++i) {
        if (step.input(i) >= 0) users_[index(step.input(i))].push_back(&step);
        if (const auto* list = std::get_if<std::vector<Slot>>(&step.inputs[i])) {
          for (const auto slot : *list) users_[index(slot)].push_back(&step);
        }
      }
      if (step.output() >= 0) producers_[index(step.output())] = &step;
    }
  }

  // Steps that were taken out leave with the graph.
  ~Graph() {
    size_t i = 0;
    std::erase_if(program_.steps, [&](const Step&) { return gone_[i++]; });
  }

  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  /// The step that made what is in the slot; slots made since the graph was are not known.
  Step* producer(Slot slot) const { return slot >= 0 && index(slot) < producers_.size() ? producers_[index(slot)] : nullptr; }

  /// The step that alone reads the slot, if there is one and the program does not give it back.
  Step* only_user(Slot slot) const {
    if (slot < 0 || program_.is_result(slot) || index(slot) >= users_.size()) return nullptr;
    const auto& users = users_[index(slot)];
    return users.size() == 1 && !gone_[place(users[0])] ? users[0] : nullptr;
  }

  void remove(const Step* step) { gone_[place(step)] = true; }
  bool gone(const Step* step) const { return gone_[place(step)]; }
  size_t place(const Step* step) const { return static_cast<size_t>(step - program_.steps.data()); }

  /// Whether some step after `first` and before `last` writes over the memory of the slot.
  bool overwritten(Slot slot, const Step* first, const Step* last) const {
    for (const auto* step = first + 1; step < last; ++step) {
      if (!gone(step) && step->in_place() && program_.memory(step->input(0)) == program_.memory(slot)) return true;
    }
    return false;
  }

 private:
  static size_t index(Slot slot) { return static_cast<size_t>(slot); }

  Program& program_;
  std::vector<Step*> producers_;
  std::vector<std::vector<Step*>> users_;
  std::vector<bool> gone_;
};

// The constant tensor that is an argument, if it is one.
Tensor constant_input(const Program& program, const Step& step, size_t index) {
  const auto slot = step.input(index);
  return slot >= 0 ? program.constant(slot) : Tensor();
}

bool is_linear(const Step& step) { return step.is("aten::linear"); }
bool is_conv(const Step& step) {
  return (step.is("aten::conv2d") || step.is("aten::conv3d")) && step.op.schema().overload_name().empty();
}

// Whether weight and bias are known, and not of shapes that no packing is for.
bool has_constant_weights(const Program& program, const Step& step) {
  const auto weight = constant_input(program, step, 1), bias = constant_input(program, step, 2);
  if (!weight.defined() || weight.numel() == 0 || weight.dim() < 2 || (step.input(2) >= 0 && !bias.defined())) return false;
  return !bias.defined() || (bias.dim() == 1 && bias.size(0) == weight.size(0));
}

// Multiplies what a convolution or a linear layer gives, channel by channel, and adds to it.
void scale_outputs(Program& program, Step& step, const Tensor& scale, const Tensor& shift) {
  const auto weight = constant_input(program, step, 1);
  auto sizes = std::vector<int64_t>(static_cast<size_t>(weight.dim()), 1);
  sizes[0] = -1;
  const auto scaled = weight.to(torch::kFloat64) * scale.view(sizes);
  auto bias = constant_input(program, step, 2);
  bias = bias.defined() ? bias.to(torch::kFloat64) * scale + shift : shift;
  step.inputs[1] = program.add_constant(scaled.to(weight.scalar_type()));
  step.inputs[2] = program.add_constant(bias.to(weight.scalar_type()));
}

// An activation as oneDNN's fused operators name it.
struct Activation {
  std::string name = "none";
  c10::List<std::optional<at::Scalar>> numbers{};
  std::string algorithm{};
};

std::optional<Activation> activation_of(const Step& step) {
  static const std::map<std::string_view, std::string> plain{
      {"aten::relu", "relu"},           {"aten::silu", "swish"},
      {"aten::hardswish", "hardswish"}, {"aten::hardsigmoid", "hardsigmoid"},
      {"aten::sigmoid", "sigmoid"},     {"aten::tanh", "tanh"},
  };
  auto name = step.name();
  if (name.ends_with('_')) name.remove_suffix(1);
  if (const auto found = plain.find(name); found != plain.end()) return Activation{found->second};
  Activation result;
  if (name == "aten::gelu") {
    result.name = "gelu";
    result.algorithm = step.constant(1).toStringRef();
    return result;
  }
  if (name == "aten::relu6" || name == "aten::hardtanh") {
    const bool given = name == "aten::hardtanh";
    result.name = "hardtanh";
    result.numbers.push_back(given ? step.constant(1).toScalar() : at::Scalar(0.0));
    result.numbers.push_back(given ? step.constant(2).toScalar() : at::Scalar(6.0));
    return result;
  }
  return std::nullopt;
}

// Those that the operators of inference_ops.h know.
std::optional<Activation> our_activation_of(const Step& step) {
  auto activation = activation_of(step);
  return activation && activation->algorithm == "tanh" ? std::nullopt : activation;
}

// The addend when a step adds something of the same shape, in full, to what is in the slot; else -1.
Slot addend(const Program& program, const Step& step, Slot slot) {
  if (!(step.is("aten::add") || step.is("aten::add_")) || step.op.schema().overload_name() != "Tensor") return -1;
  if (!step.constant(2).isScalar() || step.constant(2).toScalar().toDouble() != 1) return -1;
  if (step.in_place() && step.input(0) != slot) return -1;
  const auto other = step.input(0) == slot ? step.input(1) : step.input(0);
  if (other < 0 || other == slot || program.shape(other) != program.shape(slot)) return -1;
  if (program.type(other) != program.type(slot)) return -1;
  return program.constant(other).defined() ? -1 : other;
}

// The permutation that a step makes of what it is given.
std::optional<std::vector<int64_t>> permutation_of(const Step& step) {
  if (!step.is("aten::permute")) return std::nullopt;
  auto order = step.constant(1).toIntVector();
  for (auto& dim : order) dim += dim < 0 ? static_cast<int64_t>(order.size()) : 0;
  return order;
}

std::vector<int64_t> inverse(const std::vector<int64_t>& order) {
  std::vector<int64_t> result(order.size());
  for (size_t i = 0; i < order.size(); ++i) result[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
  return result;
}

Tensor call(const char* name, std::vector<IValue> arguments) {
  c10::Dispatcher::singleton().findSchemaOrThrow(name, "").callBoxed(&arguments);
  return arguments.at(0).toTensor();
}

// A convolution or a linear layer with its packed weight: what it is called with but for what is fused to it.
struct Packed {
  const char* name;
  std::vector<Argument> arguments;
  bool ours;                       // an operator of inference_ops.h, else one of oneDNN
  std::optional<size_t> addend{};  // where it goes among ours
};

bool is_floating(const Tensor& weight) {
  return weight.scalar_type() == torch::kFloat32 || weight.scalar_type() == torch::kBFloat16;
}

// Packed weights of layers that may be called again, as those of RAFT are for each update: made once.
class PackedOnce {
 public:
  explicit PackedOnce(Program& program) : program_(program) {}

  /// Where what make() gives is kept; the same for the same kind of packing, weight and bias, and numbers that it depends on.
  template <class Make>
  Slot slot(std::string_view kind, const Step& step, const Make& make, const std::vector<int64_t>& numbers = {}) {
    const auto [known, is_new] = slots_.try_emplace({kind, step.input(1), step.input(2), numbers}, -1);
    if (is_new) known->second = program_.add_constant(make());
    return known->second;
  }

 private:
  Program& program_;
  std::map<std::tuple<std::string_view, Slot, Slot, std::vector<int64_t>>, Slot> slots_;
};

std::optional<Packed> packed_conv(Program& program, PackedOnce& once, const Step& step, bool onednn) {
  const auto weight = constant_input(program, step, 1), bias = constant_input(program, step, 2);
  const auto &stride = step.constant(3), &padding = step.constant(4), &dilation = step.constant(5), &groups = step.constant(6);
  // Our own are of two dimensions.
  if (is_floating(weight) && weight.dim() == 4 && program.channels_last(step.output())) {
    const auto shift = [&] {
      return once.slot("bias", step, [&] {
        return bias.defined() ? bias.to(torch::kFloat32) : torch::zeros({weight.size(0)}, torch::kFloat32);
      });
    };
    if (is_depthwise(weight, groups.toInt())) {
      const auto window = once.slot("depthwise", step, [&] {
        return weight.to(torch::kFloat32).permute({2, 3, 1, 0}).flatten(2).contiguous();
      });
      return Packed{"opsis::inference_depthwise", {step.inputs[0], window, shift(), stride, padding, dilation}, true};
    }
    if (groups.toInt() == 1 && has_products_of(weight.scalar_type())) {
      if (suits_winograd(weight, stride.toIntVector(), dilation.toIntVector(), program.shape(step.output()))) {
        const auto packed = once.slot("winograd", step, [&] { return pack_winograd(weight); });
        return Packed{"opsis::inference_winograd", {step.inputs[0], packed, shift(), IValue(), padding}, true, 3};
      }
      const IValue kernel(std::vector<int64_t>{weight.size(0), weight.size(2), weight.size(3)});
      const auto apart = dilation.toIntVector();
      const auto packed = once.slot(
          "conv2d", step, [&] { return pack_weights(weight, bias, apart); }, apart);
      return Packed{"opsis::inference_conv2d", {step.inputs[0], packed, IValue(), kernel, stride, padding, dilation}, true, 2};
    }
  }
  if (!onednn || !is_floating(weight)) return std::nullopt;
  const auto packed = call("mkldnn::_reorder_convolution_weight",
                           {weight.contiguous(), padding, stride, dilation, groups, IValue(program.shape(step.input(0)))});
  return Packed{"mkldnn::_convolution_pointwise",
                {step.inputs[0], program.add_constant(packed), step.inputs[2], padding, stride, dilation, groups},
                false};
}

std::optional<Packed> packed_linear(Program& program, PackedOnce& once, const Step& step, bool onednn) {
  const auto weight = constant_input(program, step, 1);
  if (is_floating(weight) && has_products_of(weight.scalar_type())) {
    const auto packed = once.slot("linear", step, [&] { return pack_weights(weight, constant_input(program, step, 2)); });
    return Packed{"opsis::inference_linear", {step.inputs[0], packed, IValue(), IValue(weight.size(0))}, true, 2};
  }
  if (!onednn || !is_floating(weight)) return std::nullopt;
  const auto& shape = program.shape(step.input(0));
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  const auto packed = call("mkldnn::_reorder_linear_weight", {weight.contiguous(), IValue(rows)});
  return Packed{"mkldnn::_linear_pointwise", {step.inputs[0], program.add_constant(packed), step.inputs[2]}, false};
}

// What holds a sum, in inference_ops.h, is no function but two bounds.
std::vector<Argument> finish_of(const Activation& activation) {
  constexpr auto kEndless = std::numeric_limits<double>::infinity();
  if (activation.name == "relu") return {IValue("none"), IValue(0.0), IValue(kEndless)};
  if (activation.name == "hardtanh") {
    const auto bound = [&](size_t i) { return IValue(activation.numbers.get(i)->toDouble()); };
    return {IValue("none"), bound(0), bound(1)};
  }
  return {IValue(activation.name), IValue(-kEndless), IValue(kEndless)};
}

Step with_activation(const Packed& packed, const Activation& activation, Argument output) {
  auto arguments = packed.arguments;
  const auto more =
      packed.ours ? finish_of(activation)
                  : std::vector<Argument>{IValue(activation.name), IValue(activation.numbers), IValue(activation.algorithm)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return make_step(packed.name, "", std::move(arguments), std::get<Slot>(output));
}

Step with_addition(Packed packed, Slot other, bool conv, const Activation& activation, Argument output) {
  if (packed.ours) {
    packed.arguments.at(*packed.addend) = other;
    return with_activation(packed, activation, output);
  }
  auto arguments = packed.arguments;
  arguments.insert(arguments.begin() + 1, other);
  arguments.emplace_back(IValue("add"));
  if (conv) {
    arguments.emplace_back(IValue(at::Scalar(1.0)));
    arguments.emplace_back(activation.name == "relu" ? IValue("relu") : IValue());
    arguments.emplace_back(IValue(c10::List<std::optional<at::Scalar>>()));
    arguments.emplace_back(IValue(""));
  }
  return make_step(packed.name, "binary", std::move(arguments), std::get<Slot>(output));
}

// What looks at a tensor in another shape where it lies. A copy would do, unless one of the two is written over later, which both
// must see.
struct Views {
  std::vector<size_t> may_copy{};  // places of steps
  bool must_not = false;           // whether there are others
};

Views views_of(const Program& program) {
  Views views;
  std::set<int64_t> written_later;
  for (auto i = program.steps.size(); i-- > 0;) {
    const auto& step = program.steps[i];
    const auto memory = step.input(0) >= 0 ? program.memory(step.input(0)) : -1;
    if (step.in_place()) written_later.insert(memory);
    if (!step.is("aten::view") || !step.op.schema().overload_name().empty()) continue;
    if (written_later.contains(memory)) {
      views.must_not = true;
    } else {
      views.may_copy.push_back(i);
    }
  }
  return views;
}

}  // namespace

void join_linears(Program& program) {
  Graph graph(program);
  const auto is_one = [](const Step& step, size_t argument) {
    return step.constant(argument).isScalar() && step.constant(argument).toScalar().toDouble() == 1;
  };
  for (auto& step : program.steps) {
    const bool whole = step.is("aten::addmm");  // addmm(bias, x, weight)
    if (!whole && !step.is("aten::matmul")) continue;
    const auto x = step.input(whole ? 1 : 0);
    const auto weight = constant_input(program, step, whole ? 2 : 1);
    if (!weight.defined() || weight.dim() != 2 || program.constant(x).defined() || program.shape(x).size() < 2) continue;
    const auto is_bias = [&](const Tensor& bias) {
      return bias.defined() && bias.dim() == 1 && bias.size(0) == weight.size(1);
    };
    Argument bias = IValue(), output = step.outputs[0];
    if (whole) {
      if (!is_bias(constant_input(program, step, 0)) || !is_one(step, 3) || !is_one(step, 4)) continue;
      bias = step.inputs[0];
    } else if (auto* sum = graph.only_user(step.output()); sum && (sum->is("aten::add_") || sum->is("aten::add")) &&
                                                           sum->input(0) == step.output() &&
                                                           is_bias(constant_input(program, *sum, 1)) && is_one(*sum, 2)) {
      bias = sum->inputs[1];
      output = sum->outputs[0];
      graph.remove(sum);
    }
    step = make_step("aten::linear", "", {x, program.add_constant(weight.t().contiguous()), bias}, std::get<Slot>(output));
  }
}

void fold_batch_norms(Program& program) {
  Graph graph(program);
  for (auto& norm : program.steps) {
    if (!norm.is("aten::batch_norm") || norm.constant(5).toBool()) continue;
    auto* conv = graph.producer(norm.input(0));
    if (!conv || !is_conv(*conv) || !has_constant_weights(program, *conv) || graph.only_user(norm.input(0)) != &norm) continue;
    const auto mean = constant_input(program, norm, 3), variance = constant_input(program, norm, 4);
    if (!mean.defined() || !variance.defined()) continue;
    auto scale = (variance.to(torch::kFloat64) + norm.constant(7).toDouble()).rsqrt();
    if (const auto weight = constant_input(program, norm, 1); weight.defined()) scale = scale * weight;
    auto shift = -mean.to(torch::kFloat64) * scale;
    if (const auto bias = constant_input(program, norm, 2); bias.defined()) shift = shift + bias;
    scale_outputs(program, *conv, scale, shift);
    conv->outputs = norm.outputs;
    graph.remove(&norm);
  }
}

void fold_scales(Program& program) {
  Graph graph(program);
  for (auto& product : program.steps) {
    if (!product.is("aten::mul") || product.input(0) < 0 || product.input(1) < 0) continue;
    const bool first = program.constant(product.input(0)).defined();
    const auto scale = program.constant(product.input(first ? 0 : 1));
    auto* before = graph.producer(product.input(first ? 1 : 0));
    if (!scale.defined() || !before || graph.only_user(before->output()) != &product) continue;
    auto* linear = before;
    int64_t channels = -1;  // the dimension, counted from behind
    if (const auto order = permutation_of(*before); order && *order == std::vector<int64_t>{0, 3, 1, 2}) {
      channels = -3;
      linear = graph.producer(before->input(0));
      if (!linear || graph.only_user(linear->output()) != before) continue;
    }
    if (!is_linear(*linear) || !has_constant_weights(program, *linear)) continue;
    if (scale.dim() > static_cast<int64_t>(program.shape(before->output()).size())) continue;
    const auto count = constant_input(program, *linear, 1).size(0);
    if (scale.numel() != count || scale.dim() < -channels || scale.size(channels) != count) continue;
    const auto factors = scale.flatten().to(torch::kFloat64);
    scale_outputs(program, *linear, factors, torch::zeros_like(factors));
    before->outputs = product.outputs;
    graph.remove(&product);
  }
}

void pack(Program& program, bool onednn) {
  std::vector<Step> rewritten;
  std::map<size_t, std::vector<Step>> replaced;  // by the place of the step that they stand for
  bool laid_otherwise = false;
  const bool may_lie_otherwise = !views_of(program).must_not;
  PackedOnce once(program);
  {
    Graph graph(program);
    for (auto& step : program.steps) {
      const bool conv = is_conv(step);
      if (graph.gone(&step) || !(conv || is_linear(step)) || !has_constant_weights(program, step)) continue;
      const auto dimensions = static_cast<int64_t>(program.shape(step.input(0)).size());
      if (dimensions < (conv ? constant_input(program, step, 1).dim() : 2)) continue;
      const auto put = [&](const Step* place, std::vector<Step> steps) { replaced[graph.place(place)] = std::move(steps); };
      const auto taken = [&](const Step* one) { return replaced.contains(graph.place(one)); };  // by the other addend

      // oneDNN's convolutions lay pixels beside their channels, however they lay when they were recorded.
      const bool as_recorded = !conv || program.channels_last(step.output());
      const bool by_onednn = onednn && (as_recorded || may_lie_otherwise);
      const auto made = conv ? packed_conv(program, once, step, by_onednn) : packed_linear(program, once, step, by_onednn);
      if (!made) continue;
      const auto& packed = *made;
      laid_otherwise = laid_otherwise || !as_recorded;

      const auto follows = [&](const Step* one) -> std::optional<Activation> {
        if (!one) return std::nullopt;
        return packed.ours ? our_activation_of(*one) : activation_of(*one);
      };
      auto* user = graph.only_user(step.output());
      if (const auto activation = follows(user)) {
        put(&step, {with_activation(packed, *activation, user->outputs[0])});
        graph.remove(user);
        continue;
      }

      // An addition, perhaps of the permuted result: the addend is permuted instead, which costs nothing.
      auto* permute = user && !conv && permutation_of(*user) ? user : nullptr;
      auto* sum = permute ? graph.only_user(permute->output()) : user;
      const auto sum_input = permute ? permute->output() : step.output();
      const auto other = (!packed.ours || packed.addend) && sum && !taken(sum) ? addend(program, *sum, sum_input) : -1;
      if (other >= 0 && !graph.overwritten(step.input(0), &step, sum) && (!permute || permutation_of(*permute)->size() == 4)) {
        auto* last = permute ? nullptr : graph.only_user(sum->output());
        auto activation = follows(last);
        if (!packed.ours && !(conv && activation && activation->name == "relu")) activation.reset();
        const auto output = activation ? last->outputs[0] : sum->outputs[0];
        if (permute) {
          const auto order = *permutation_of(*permute);
          const auto turned = program.add_slot(program.shape(step.output())),
                     summed = program.add_slot(program.shape(step.output()));
          put(sum, {make_step("aten::permute", "", {other, IValue(inverse(order))}, turned),
                    with_addition(packed, turned, conv, {}, summed),
                    make_step("aten::permute", "", {summed, IValue(order)}, std::get<Slot>(output))});
          graph.remove(permute);
        } else {
          put(sum, {with_addition(packed, other, conv, activation.value_or(Activation{}), output)});
        }
        graph.remove(&step);
        if (activation) graph.remove(last);
        continue;
      }

      put(&step, {with_activation(packed, {}, step.outputs[0])});
    }
    for (const auto& step : program.steps) {
      if (const auto found = replaced.find(graph.place(&step)); found != replaced.end()) {
        for (auto& other : found->second) rewritten.push_back(std::move(other));
      } else if (!graph.gone(&step)) {
        rewritten.push_back(step);
      }
    }
  }
  program.steps = std::move(rewritten);
  if (!laid_otherwise) return;
  for (const auto place : views_of(program).may_copy) {
    auto& view = program.steps[place];
    view = make_step("aten::reshape", "", view.inputs, view.output());
  }
}

void join_expansions(Program& program) {
  Graph graph(program);
  const auto ones = [](const IValue& numbers) {
    const auto all = numbers.toIntVector();
    return std::all_of(all.begin(), all.end(), [](int64_t number) { return number == 1; });
  };
  const auto fits = [&](const Step& step) {
    const auto weight = constant_input(program, step, 1);
    return step.is("aten::conv2d") && is_conv(step) && has_constant_weights(program, step) && weight.dim() == 4 &&
           weight.scalar_type() == torch::kFloat32 && program.channels_last(step.output());
  };
  // The activation that alone reads what is in a slot.
  const auto activation_after = [&](Slot slot) -> const Step* {
    const auto* user = graph.only_user(slot);
    return user && our_activation_of(*user) ? user : nullptr;
  };
  const auto finish_by = [](const Step* activation) {
    return finish_of(activation ? *our_activation_of(*activation) : Activation{});
  };
  for (auto& step : program.steps) {
    if (graph.gone(&step) || !fits(step)) continue;
    const auto weight = constant_input(program, step, 1);
    const bool single = weight.size(2) * weight.size(3) == 1 && step.constant(6).toInt() == 1 && ones(step.constant(3));
    if (!single || step.constant(4).toIntVector() != std::vector<int64_t>{0, 0}) continue;
    const auto* between = activation_after(step.output());
    const auto expanded = between ? between->output() : step.output();
    const auto* depthwise = graph.only_user(expanded);
    if (!depthwise || !fits(*depthwise) || depthwise->input(0) != expanded) continue;
    const auto window = constant_input(program, *depthwise, 1), shift = constant_input(program, *depthwise, 2);
    if (!is_depthwise(window, depthwise->constant(6).toInt())) continue;
    const auto &stride = depthwise->constant(3), &padding = depthwise->constant(4), &dilation = depthwise->constant(5);
    const auto vectors =
        expansion_vectors(window, stride.toIntVector(), padding.toIntVector(), dilation.toIntVector(), program.shape(expanded));
    const auto* last = activation_after(depthwise->output());

    const auto packed = pack_expansion(weight, constant_input(program, step, 2), vectors);
    std::vector<Argument> arguments{step.inputs[0], program.add_constant(packed), IValue(vectors)};
    const auto add = [&](const std::vector<Argument>& more) { arguments.insert(arguments.end(), more.begin(), more.end()); };
    add(finish_by(between));
    add({program.add_constant(window.permute({2, 3, 1, 0}).flatten(2).contiguous()),
         program.add_constant(shift.defined() ? shift : torch::zeros({window.size(0)}, torch::kFloat32)), stride, padding,
         dilation});
    add(finish_by(last));
    for (const auto* part : {between, depthwise, last}) {
      if (part) graph.remove(part);
    }
    step = make_step("opsis::inference_expansion", "", std::move(arguments), (last ? last : depthwise)->output());
  }
}

void fuse_attention(Program& program) {
  Graph graph(program);
  const auto dim = [](const Step& step, size_t argument) {  // of a tensor of four
    const auto value = step.constant(argument).toInt();
    return value < 0 ? value + 4 : value;
  };
  for (auto& step : program.steps) {
    // (softmax(scores) v), from behind.
    if (!step.is("aten::matmul") || program.shape(step.input(0)).size() != 4) continue;
    auto* softmax = graph.producer(step.input(0));
    if (!softmax || !softmax->is("aten::softmax") || graph.only_user(softmax->output()) != &step) continue;
    if (dim(*softmax, 1) != 3) continue;
    // What is added to the scores: a bias, a mask, or both; views between them only split the batch.
    std::vector<Step*> passed{softmax};
    std::vector<std::pair<Tensor, std::vector<int64_t>>> added;
    auto* scores = graph.producer(softmax->input(0));
    bool fits = true;
    while (scores && fits && (scores->is("aten::add") || scores->is("aten::view"))) {
      fits = graph.only_user(scores->output()) == passed.back();
      if (scores->is("aten::add")) {
        const auto bias = constant_input(program, *scores, 1);
        fits = fits && bias.defined() && scores->constant(2).toScalar().toDouble() == 1;
        if (fits) added.emplace_back(bias, program.shape(scores->output()));
      }
      passed.push_back(scores);
      scores = graph.producer(scores->input(0));
    }
    if (!fits || added.empty() || !scores || !scores->is("aten::matmul")) continue;
    if (graph.only_user(scores->output()) != passed.back()) continue;
    auto* transpose = graph.producer(scores->input(1));
    const auto shape = program.shape(scores->output());
    if (!transpose || !transpose->is("aten::transpose") || graph.only_user(transpose->output()) != scores || shape.size() != 4)
      continue;
    const auto from = dim(*transpose, 1), to = dim(*transpose, 2);
    if (std::min(from, to) != 2 || std::max(from, to) != 3) continue;
    auto mask = torch::zeros(shape, torch::kFloat32);
    for (const auto& [bias, at] : added) mask += bias.expand(at).reshape(shape);
    const auto& first = program.shape(scores->input(0));
    if (first != program.shape(transpose->input(0)) || first != program.shape(step.input(1))) continue;
    const auto query = scores->input(0), key = transpose->input(0), value = step.input(1), output = step.output();
    step = make_step("aten::scaled_dot_product_attention", "",
                     {query, key, value, program.add_constant(mask), IValue(0.0), IValue(false), IValue(1.0), IValue(false)},
                     output);
    for (const auto* one : passed) graph.remove(one);
    graph.remove(scores);
    graph.remove(transpose);
  }
}

void convert(Program& program, torch::Dtype type) {
  std::map<Slot, Slot> converted;
  const auto slot_for = [&](Slot slot) {
    const auto value = program.constant(slot);
    if (!value.defined() || value.scalar_type() != torch::kFloat32) return slot;
    auto [found, added] = converted.try_emplace(slot, -1);
    if (added) found->second = program.add_constant(value.to(type));
    return found->second;
  };
  for (auto& step : program.steps) {
    if (step.is("aten::batch_norm") || step.is("aten::layer_norm")) continue;
    for (auto& argument : step.inputs) {
      if (auto* slot = std::get_if<Slot>(&argument)) *slot = slot_for(*slot);
      if (auto* slots = std::get_if<std::vector<Slot>>(&argument)) {
        for (auto& slot : *slots) slot = slot_for(slot);
      }
    }
  }
  // The images come, and the results go, as they are.
  const auto cast = [&](Slot from, torch::Dtype to, Slot into) {
    return make_step("aten::to", "dtype", {from, IValue(to), IValue(false), IValue(false), IValue()}, into);
  };
  const auto images = program.add_slot(program.shape(Program::kInput));
  for (auto& step : program.steps) {
    for (auto& argument : step.inputs) {
      if (auto* slot = std::get_if<Slot>(&argument); slot && *slot == Program::kInput) *slot = images;
      if (auto* slots = std::get_if<std::vector<Slot>>(&argument)) {
        std::replace(slots->begin(), slots->end(), Slot{Program::kInput}, images);
      }
    }
  }
  program.steps.insert(program.steps.begin(), cast(Program::kInput, type, images));
  for (auto& result : program.results) {
    const auto given = program.add_slot(program.shape(result));
    program.steps.push_back(cast(std::exchange(result, given), torch::kFloat32, given));
  }
}

}  // namespace opsis::inline v1::models::detail
