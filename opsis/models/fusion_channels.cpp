#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/models/fusion.h"

namespace opsis::inline v1::models::detail {
namespace {

// What stands for a step, called with arguments of its own; nothing where it is not what it seems.
using Rewrite = std::function<std::optional<Step>(const Program&, const Step&)>;

bool is_picture(const Program& program, Slot slot) {
  return slot >= 0 && program.shape(slot).size() == 4 && program.channels_last(slot) && !program.constant(slot).defined();
}

// One number for each channel of a picture.
bool is_channels(const Program& program, Slot slot, Slot picture) {
  if (slot < 0 || program.constant(slot).defined()) return false;
  const auto &shape = program.shape(slot), &whole = program.shape(picture);
  return shape.size() == 4 && shape[0] == whole[0] && shape[1] == whole[1] && shape[2] == 1 && shape[3] == 1;
}

std::optional<Step> pooled(const Program& program, const Step& step) {
  const auto& whole = program.shape(step.output());
  if (!is_picture(program, step.input(0)) || whole.size() != 4 || whole[2] != 1 || whole[3] != 1) return std::nullopt;
  return make_step("opsis::inference_mean", "", {step.inputs[0]}, step.output());
}

std::optional<Step> mean_of_pixels(const Program& program, const Step& step) {
  if (step.op.schema().overload_name() != "dim" || !step.constant(1).isIntList() || !step.constant(3).isNone())
    return std::nullopt;
  auto dims = step.constant(1).toIntVector();
  for (auto& dim : dims) dim += dim < 0 ? 4 : 0;
  std::sort(dims.begin(), dims.end());
  if (dims != std::vector<int64_t>{2, 3} || !step.constant(2).toBool()) return std::nullopt;
  return pooled(program, step);
}

std::optional<Step> scaled(const Program& program, const Step& step) {
  if (step.op.schema().overload_name() != "Tensor") return std::nullopt;
  for (const size_t picture : {0, 1}) {
    const auto x = step.input(picture), factors = step.input(1 - picture);
    if (!is_picture(program, x) || !is_channels(program, factors, x)) continue;
    return make_step("opsis::inference_scale", "", {x, factors}, step.output());
  }
  return std::nullopt;
}

std::optional<Step> largest(const Program& program, const Step& step) {
  const auto one = [](const std::vector<int64_t>& numbers) {
    return std::all_of(numbers.begin(), numbers.end(), [](int64_t number) { return number == 1; });
  };
  if (!is_picture(program, step.input(0)) || !one(step.constant(4).toIntVector()) || step.constant(5).toBool())
    return std::nullopt;
  const auto& stride = step.constant(2).toIntVector().empty() ? step.constant(1) : step.constant(2);
  return make_step("opsis::inference_max_pool2d", "", {step.inputs[0], step.constant(1), stride, step.constant(3)},
                   step.output());
}

}  // namespace

void use_channel_kernels(Program& program) {
  static const std::map<std::string_view, Rewrite> rewrites{{"aten::adaptive_avg_pool2d", pooled},
                                                            {"aten::mean", mean_of_pixels},
                                                            {"aten::mul", scaled},
                                                            {"aten::max_pool2d", largest}};
  for (auto& step : program.steps) {
    const auto found = rewrites.find(step.name());
    if (found == rewrites.end()) continue;
    if (auto other = found->second(program, step)) step = std::move(*other);
  }
}

}  // namespace opsis::inline v1::models::detail
