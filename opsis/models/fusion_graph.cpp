#include "opsis/models/fusion_graph.h"

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

std::optional<std::vector<int64_t>> permutation_of(const Step& step) {
  if (!step.is("aten::permute")) return std::nullopt;
  auto order = step.constant(1).toIntVector();
  for (auto& dim : order) dim += dim < 0 ? static_cast<int64_t>(order.size()) : 0;
  return order;
}

}  // namespace opsis::inline v1::models::detail
