#include "opsis/models/fusion.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "opsis/models/fusion_graph.h"

namespace opsis::inline v1::models::detail {
namespace {

using c10::IValue;
using torch::Tensor;

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
    if (step.is("aten::batch_norm") || step.is("aten::layer_norm") || step.is("opsis::inference_attention")) continue;
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
