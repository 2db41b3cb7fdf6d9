// How the tasks get their models, and how pictures go through them. For Opsis's own sources.
#pragma once

#include <torch/types.h>

#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/models/optimize.h"
#include "opsis/models/registry.h"
#include "opsis/tasks/look_at.h"
#include "opsis/tasks/task.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::tasks::detail {

/// Milliseconds from one call to the next.
class Watch {
 public:
  double lap() {
    const auto now = Clock::now();
    return std::chrono::duration<double, std::milli>(now - std::exchange(begin_, now)).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

/// The model in evaluation, and optimized where that is wanted and can be.
template <class Task>
std::shared_ptr<Task> ready(std::string_view task, std::shared_ptr<Task> model, bool optimize) {
  OPSIS_CHECK(model != nullptr, "{}: there is no model", task);
  model->eval();
  if constexpr (requires { models::optimize(model); }) {
    if (optimize && models::can_be_optimized(*model)) return models::optimize(model);
  }
  return model;
}

/// The model with these weights, which are an entry of it. Look at their preset first: it tells the task, so that weights of
/// another one are refused before they are fetched.
template <class Task>
std::shared_ptr<Task> load(std::string_view task, std::string_view model, const models::Weights& weights,
                           const TaskOptions& options) {
  const bool is_quantized = !weights.backend.empty();
  return ready(task,
               models::get_model<Task>(model, {.weights = std::string(weights.name), .weights_file = options.weights_file}),
               options.optimize && !is_quantized);
}

inline std::vector<std::string> categories_of(const models::Weights& weights) {
  return {weights.categories.begin(), weights.categories.end()};
}

/// "class 7" where the classes have no names.
inline std::string name_of(const std::vector<std::string>& categories, int64_t index) {
  const bool known = index >= 0 && index < std::ssize(categories);
  return known ? categories[static_cast<size_t>(index)] : text("class {}", index);
}

/// finish(what the model gave for it, input) for each input. `prepare` makes a tensor of an input; those of a shape go through
/// `forward` together. `watch` began with the call.
template <class Input, class Prepare, class Forward, class Finish>
auto run(std::span<const Input> inputs, const Prepare& prepare, const Forward& forward, const Finish& finish,
         Timings* timings = nullptr, Watch watch = {}) {
  const torch::NoGradGuard no_grad;
  Timings spent;
  std::map<std::vector<int64_t>, std::vector<size_t>> by_shape;
  std::vector<torch::Tensor> prepared;
  for (const auto& input : inputs) {
    prepared.push_back(prepare(input));
    by_shape[prepared.back().sizes().vec()].push_back(prepared.size() - 1);
  }
  spent.prepare_ms = watch.lap();
  std::vector<decltype(finish(torch::Tensor(), inputs[0]))> answers(inputs.size());
  for (const auto& [shape, places] : by_shape) {
    std::vector<torch::Tensor> alike;
    for (const auto place : places) alike.push_back(prepared[place]);
    const auto given = forward(alike.size() == 1 ? alike[0].unsqueeze(0) : torch::stack(alike));
    spent.model_ms += watch.lap();
    for (size_t i = 0; i < places.size(); ++i) {
      answers[places[i]] = finish(given[static_cast<int64_t>(i)], inputs[places[i]]);
    }
    spent.finish_ms += watch.lap();
  }
  if (timings) *timings = spent;
  return answers;
}

/// A picture of zeros, for warming up.
inline Image blank(Size size) {
  OPSIS_CHECK(size.height > 0 && size.width > 0, "warm_up: the size must be positive, got {}", size);
  return Image(torch::zeros({3, size.height, size.width}, torch::kUInt8));
}

}  // namespace opsis::inline v1::tasks::detail
