// What the families of quantizable models have in common. For Opsis's own sources.
#pragma once

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include <optional>
#include <string>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/models/quantization/quantize.h"
#include "opsis/models/settle.h"

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

/// What the weights fix: their number of classes and of channels. Another head would have to be calibrated anew.
/// Throws   ValueError when the options ask for others
template <class Options>
void settle_sizes(const Weights& weights, Options& options) {
  models::detail::settle(weights.name, "num_classes", options.num_classes, std::ssize(weights.categories));
  OPSIS_CHECK(options.in_channels == 3, "{}: in_channels must be 3 with these weights, got {}", weights.name,
              options.in_channels);
}

/// Builds a model with float weights, to be quantized later or never.
template <class Model, class Options, class... Args>
Model build_float(const Weights& weights, Options& options, const Args&... args) {
  OPSIS_CHECK(!options.quantize, "{} are float weights; leave .quantize out, and call quantization::quantize on the model",
              weights.name);
  settle_sizes(weights, options);
  Model model(args..., options);
  load_weights(*model, weights);
  return model;
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
