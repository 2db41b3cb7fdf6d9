// Convolutions and linear layers with weights as their kernels want them.
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "opsis/models/fusion.h"
#include "opsis/models/fusion_graph.h"
#include "opsis/models/inference_ops.h"

namespace opsis::inline v1::models::detail {
namespace {

using c10::IValue;
using torch::Tensor;

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

}  // namespace

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
  let_views_copy(program);
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

}  // namespace opsis::inline v1::models::detail
