// What the builders of all families have in common.
#pragma once

#include <optional>

#include "opsis/models/load_weights.h"
#include "opsis/models/settle.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::detail {

/// Gives num_classes the number that the weights have.
template <class W, class Options>
void settle_classes(const std::optional<W>& weights, Options& options) {
  if (weights && !weights->categories.empty()) {
    settle(weights->name, "num_classes", options.num_classes, std::ssize(weights->categories));
  }
}

/// Builds a Model from `args` and the options, with the tensors of the weights if there are any.
template <class Model, class W, class Options, class... Args>
Model build(const std::optional<W>& weights, Options& options, const Args&... args) {
  settle_classes(weights, options);
  Model model(args..., options);
  if (weights) load_weights(*model, *weights);
  return model;
}

/// The options' number of classes.
/// Throws   ValueError when it is negative
inline int64_t classes(std::string_view owner, const std::optional<int64_t>& num_classes) {
  const auto count = num_classes.value_or(1000);
  OPSIS_CHECK(count >= 0, "{}: num_classes must not be negative, got {}", owner, count);
  return count;
}

}  // namespace opsis::inline v1::models::detail
