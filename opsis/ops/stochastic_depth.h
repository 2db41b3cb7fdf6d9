// Stochastic depth: residual branches that are left out at random while training. https://arxiv.org/abs/1603.09382
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <string_view>

#include "opsis/core/api.h"
#include "opsis/ops/observe.h"

namespace opsis::inline v1::ops {

/// Zeroes the whole batch (mode "batch") or each of its rows (mode "row") with probability p, and scales what is kept so that
/// its mean stays.
/// Shapes   (N, ...) -> the same
/// Draws    one Bernoulli number for the batch or for each row; none when not training or when p is 0
/// Types    floating point; when p is 0 any, when it is 1 whole numbers and bool too
/// Throws   ValueError when p is not in [0, 1] or the mode is another, for the rows of a scalar, and for other types
/// Source   torchvision.ops.stochastic_depth
OPSIS_API torch::Tensor stochastic_depth(const torch::Tensor& input, double p, std::string_view mode, bool training = true);

/// Source   torchvision.ops.StochasticDepth
class OPSIS_API StochasticDepthImpl : public torch::nn::Module {
 public:
  StochasticDepthImpl(double p, std::string_view mode);
  torch::Tensor forward(const torch::Tensor& input);
  void pretty_print(std::ostream& out) const override;

  double p;
  std::string mode;
};
using StochasticDepth = Observed<torch::nn::ModuleHolder<StochasticDepthImpl>>;

}  // namespace opsis::inline v1::ops
