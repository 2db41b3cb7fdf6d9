// What the builders of all families have in common.
#pragma once

#include <optional>

#include "opsis/models/load_weights.h"
#include "opsis/models/settle.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::detail {

/// Whether the caller asked for another number of classes than the weights tell apart.
inline bool wants_new_head(const Weights& weights, const std::optional<int64_t>& num_classes) {
  const auto theirs = weights.categories.empty() ? 1000 : std::ssize(weights.categories);
  return num_classes && *num_classes != theirs;
}

/// Builds a Model from `args` and the options, with the tensors of the weights if there are any. What of them may differ from
/// the model is only what an option asks to be another.
template <class Model, class W, class Options, class... Args>
Model build(const std::optional<W>& weights, Options& options, const Args&... args) {
  if (weights && !weights->categories.empty() && !options.num_classes) options.num_classes = std::ssize(weights->categories);
  Model model(args..., options);
  if (!weights) return model;
  LoadOptions allowed{.new_head = wants_new_head(*weights, options.num_classes)};
  if constexpr (requires { options.in_channels; }) allowed.adapt_input = options.in_channels != 3;
  if constexpr (requires { options.image_size; }) {
    // A file of the caller's may be of another size than the entry's.
    allowed.resample_positions = options.image_size != weights->min_size.height || weights->url.starts_with("file://");
  }
  load_weights(*model, *weights, allowed);
  return model;
}

/// The options' number of classes; `usual` when they leave it out.
/// Throws   ValueError when it is negative, or in_channels is not positive
template <class Options>
int64_t classes(std::string_view owner, const Options& options, int64_t usual = 1000) {
  const auto count = options.num_classes.value_or(usual);
  OPSIS_CHECK(count >= 0, "{}: num_classes must not be negative, got {}", owner, count);
  if constexpr (requires { options.in_channels; }) {
    OPSIS_CHECK(options.in_channels > 0, "{}: in_channels must be positive, got {}", owner, options.in_channels);
  }
  return count;
}

}  // namespace opsis::inline v1::models::detail
