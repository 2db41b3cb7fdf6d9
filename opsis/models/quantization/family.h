// What the families of quantizable models have in common. For Opsis's own sources.
#pragma once

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include <optional>
#include <string>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/models/builders.h"
#include "opsis/models/quantization/quantize.h"

namespace opsis::inline v1::models::quantization::detail {

/// A module with slots, to derive from.
class Block : public torch::nn::Module, public Slots {
 public:
  explicit Block(std::string name) : torch::nn::Module(std::move(name)), Slots(static_cast<torch::nn::Module&>(*this)) {}
};

inline torch::nn::ReLU relu() { return torch::nn::ReLU(); }

/// Throws   ValueError when blocks of another kind are asked for, as torchvision does
inline void refuse_blocks(std::string_view owner, bool given) {
  OPSIS_CHECK(!given, "{}: it is put together from blocks that can be quantized; leave others out", owner);
}

/// What integer weights fix: their number of classes and of channels, for which their scales were measured.
/// Throws   ValueError when the options ask for others
template <class Options>
void settle_sizes(const Weights& weights, Options& options) {
  const auto check = [&](std::string_view name, int64_t wanted, int64_t theirs) {
    OPSIS_CHECK(wanted == theirs,
                "{}: {} must be {}, got {}: the scales were measured with it; give {}, then call quantization::quantize",
                weights.name, name, theirs, wanted, weights.unquantized->name);
  };
  const auto classes = std::ssize(weights.categories);
  check("num_classes", options.num_classes.value_or(classes), classes);
  check("in_channels", options.in_channels, 3);
  options.num_classes = classes;
}

/// Builds a model with float weights, to be quantized later or never. Its head and its channels may be others than theirs.
template <class Model, class Options, class... Args>
Model build_float(const Weights& weights, Options& options, const Args&... args) {
  OPSIS_CHECK(!options.quantize, "{} are float weights; leave .quantize out, and call quantization::quantize on the model",
              weights.name);
  return models::detail::build<Model>(std::optional(weights), options, args...);
}

/// Builds a quantizable model: float, or quantized, or quantized with the tensors of the weights.
template <class Model, class W, class Options, class... Args>
Model build(const std::optional<W>& weights, Options& options, const Args&... args) {
  if (weights) settle_sizes(*weights, options);
  Model model(args..., options);
  if (options.quantize || weights) quantize_model(*model, weights ? weights->backend : options.backend, options.in_channels);
  if (weights) load_quantized_weights(*model, *weights);
  return model;
}

}  // namespace opsis::inline v1::models::quantization::detail
