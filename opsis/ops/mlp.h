// The multi-layer perceptron.
#pragma once

#include <torch/types.h>

#include <vector>

#include "opsis/core/api.h"
#include "opsis/ops/activation.h"
#include "opsis/ops/layer.h"

namespace opsis::inline v1::ops {

/// Of MLP.
struct MLPOptions {
  NormLayer norm_layer{};                                                          ///< none
  ActivationLayer activation_layer = [] { return ops::relu(/*inplace=*/false); };  ///< between the linear layers
  bool inplace = false;                                                            ///< of the dropout
  bool bias = true;
  double dropout = 0;
};

/// Linear layers, each but the last followed by norm, activation and dropout, the last by dropout alone.
///     MLP(96, {384, 96}, {.activation_layer = ops::gelu})   // layers "0" to "4"
/// Shapes   (..., in_channels) -> (..., the last of hidden_channels)
/// Throws   ValueError when hidden_channels is empty
/// Differs  whether the activation works in place is for its maker to say
/// Source   torchvision.ops.MLP
class OPSIS_API MLPImpl : public SequentialImpl {
 public:
  MLPImpl(int64_t in_channels, const std::vector<int64_t>& hidden_channels, const MLPOptions& options = {});
};

/// The holder; written out, so that channels and options can be given in braces.
class MLP : public Observed<torch::nn::ModuleHolder<MLPImpl>> {
 public:
  using Observed::Observed;
  MLP(int64_t in_channels, const std::vector<int64_t>& hidden_channels, const MLPOptions& options = {})
      : Observed(std::make_shared<MLPImpl>(in_channels, hidden_channels, options)) {}
};

}  // namespace opsis::inline v1::ops
