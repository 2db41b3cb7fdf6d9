#include "opsis/models/summary.h"

#include <algorithm>
#include <array>

#include "opsis/core/check.h"
#include "opsis/models/trace.h"

namespace opsis::inline v1::models {
namespace summaries {

struct Counts {
  int64_t parameters = 0, trainable = 0;
};

Counts count(const torch::nn::Module& module) {
  Counts out;
  for (const auto& parameter : module.parameters()) {
    out.parameters += parameter.numel();
    if (parameter.requires_grad()) out.trainable += parameter.numel();
  }
  return out;
}

// "torch::nn::Conv2dImpl" is a Conv2d.
std::string type_of(const torch::nn::Module& module) {
  auto name = module.name();
  if (const auto colon = name.rfind("::"); colon != name.npos) name.erase(0, colon + 2);
  if (name.size() > 4 && name.ends_with("Impl")) name.erase(name.size() - 4);
  return name;
}

std::string shape(const std::vector<int64_t>& sizes) {
  std::string out;
  for (const auto size : sizes) out += (out.empty() ? "" : " x ") + std::to_string(size);
  return out;
}

// 25,557,032
std::string grouped(int64_t number) {
  auto digits = std::to_string(number);
  for (auto place = static_cast<int64_t>(digits.size()) - 3; place > 0; place -= 3)
    digits.insert(static_cast<size_t>(place), ",");
  return digits;
}

// Every module in evaluation while it lives; their modes are put back one by one.
class Evaluation {
 public:
  explicit Evaluation(torch::nn::Module& model) : modules_(model.modules()) {
    for (const auto& module : modules_) training_.push_back(module->is_training());
    model.eval();
  }
  ~Evaluation() {
    for (size_t i = 0; i < modules_.size(); ++i) modules_[i]->train(training_[i]);  // parents first, for train() goes down
  }
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;

 private:
  std::vector<std::shared_ptr<torch::nn::Module>> modules_;
  std::vector<bool> training_;
};

}  // namespace summaries

Summary summary(const Layer& model, const std::vector<int64_t>& input_size) {
  using namespace summaries;
  auto& module = *model.module();
  const auto traced = [&] {
    const Evaluation evaluation(module);
    return detail::trace(model, input_size);
  }();
  const auto totals = count(module);
  Summary out{.model = type_of(module),
              .input_shape = input_size,
              .output_shape = traced.output_shape,
              .layers = {},
              .parameters = totals.parameters,
              .trainable = totals.trainable,
              .multiply_adds = traced.multiply_adds};
  for (const auto& call : traced.calls) {
    const auto counts = count(*call.module);
    out.layers.push_back({.name = call.name,
                          .type = type_of(*call.module),
                          .depth = call.depth,
                          .output_shape = call.output_shape,
                          .parameters = counts.parameters,
                          .trainable = counts.trainable,
                          .multiply_adds = call.multiply_adds});
  }
  return out;
}

std::string Summary::text(int64_t depth) const {
  using summaries::grouped;
  std::vector<std::array<std::string, 5>> rows{{"layer", "type", "output", "parameters", "multiply-adds"}};
  for (const auto& layer : layers) {
    if (layer.depth > depth) continue;
    rows.push_back({std::string(2 * static_cast<size_t>(layer.depth), ' ') + layer.name, layer.type,
                    summaries::shape(layer.output_shape), grouped(layer.parameters), grouped(layer.multiply_adds)});
  }
  rows.push_back({model, "", summaries::shape(output_shape), grouped(parameters), grouped(multiply_adds)});

  std::array<size_t, 5> widths{};
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - row[i].size(), ' ');
      line += (i == 0 ? "" : "  ") + (i < 3 ? row[i] + space : space + row[i]);  // numbers to the right
    }
    out += line + '\n';
  }
  out += opsis::text("{} of {} parameters learn; input {}, {} GFLOPS\n", grouped(trainable), grouped(parameters),
                     summaries::shape(input_shape), fixed(gflops(), 3));
  return out;
}

std::ostream& operator<<(std::ostream& out, const Summary& summary) { return out << summary.text(); }

}  // namespace opsis::inline v1::models
