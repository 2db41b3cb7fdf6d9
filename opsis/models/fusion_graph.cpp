#include "opsis/models/fusion_graph.h"

#include <set>

namespace opsis::inline v1::models::detail {

torch::Tensor constant_input(const Program& program, const Step& step, size_t index) {
  const auto slot = step.input(index);
  return slot >= 0 ? program.constant(slot) : torch::Tensor();
}

bool is_linear(const Step& step) { return step.is("aten::linear"); }
bool is_conv(const Step& step) {
  return (step.is("aten::conv2d") || step.is("aten::conv3d")) && step.op.schema().overload_name().empty();
}

bool has_constant_weights(const Program& program, const Step& step) {
  const auto weight = constant_input(program, step, 1), bias = constant_input(program, step, 2);
  if (!weight.defined() || weight.numel() == 0 || weight.dim() < 2 || (step.input(2) >= 0 && !bias.defined())) return false;
  return !bias.defined() || (bias.dim() == 1 && bias.size(0) == weight.size(0));
}

Views views_of(const Program& program) {
  Views views;
  std::set<int64_t> written_later;
  for (auto i = program.steps.size(); i-- > 0;) {
    const auto& step = program.steps[i];
    const auto memory = step.input(0) >= 0 ? program.memory(step.input(0)) : -1;
    if (step.in_place()) written_later.insert(memory);
    views.must_not = views.must_not || step.is("aten::as_strided");  // which counts on how numbers lie
    if (!step.is("aten::view") || !step.op.schema().overload_name().empty()) continue;
    if (written_later.contains(memory)) {
      views.must_not = true;
    } else {
      views.may_copy.push_back(i);
    }
  }
  return views;
}

void let_views_copy(Program& program) {
  for (const auto place : views_of(program).may_copy) {
    auto& view = program.steps[place];
    view = make_step("aten::reshape", "", view.inputs, view.output());
  }
}

std::optional<std::vector<int64_t>> permutation_of(const Step& step) {
  if (!step.is("aten::permute")) return std::nullopt;
  auto order = step.constant(1).toIntVector();
  for (auto& dim : order) dim += dim < 0 ? static_cast<int64_t>(order.size()) : 0;
  return order;
}

}  // namespace opsis::inline v1::models::detail
