// Optimizers by options, and their state in the layout that Python's state_dict() has.
#pragma once

#include <torch/nn/module.h>
#include <torch/optim/optimizer.h>

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/hub/checkpoint.h"

namespace opsis::inline v1::engine {

/// The defaults are those of torchvision's classification recipe (SGD) and of torch (AdamW).
struct OptimizerOptions {
  enum class Kind { SGD, AdamW };
  Kind kind = Kind::SGD;
  double lr = 0.1;
  double weight_decay = 1e-4;
  double momentum = 0.9;                        ///< SGD
  bool nesterov = false;                        ///< SGD
  std::pair<double, double> betas{0.9, 0.999};  ///< AdamW
  double eps = 1e-8;                            ///< AdamW
};

/// Throws   ValueError for a negative rate or decay, as torch does
OPSIS_API std::unique_ptr<torch::optim::Optimizer> make_optimizer(std::vector<torch::Tensor> parameters,
                                                                  const OptimizerOptions& options);

/// The same of parameters in groups, for what learns at different rates.
OPSIS_API std::unique_ptr<torch::optim::Optimizer> make_grouped_optimizer(const std::vector<std::vector<torch::Tensor>>& groups,
                                                                          const OptimizerOptions& options);

/// Those of a model that need gradients.
OPSIS_API std::vector<torch::Tensor> learning_parameters(const torch::nn::Module& model);

/// The same, those of norms (batch, instance, group and layer norms) apart from all others.
struct SplitParameters {
  std::vector<torch::Tensor> norms{}, others{};
};

/// Source   torchvision.ops._utils.split_normalization_params
OPSIS_API SplitParameters split_normalization_params(const torch::nn::Module& model);

/// `decays`: a number for each group of parameters, in place of that of the options.
/// Throws   ValueError for another number of them than groups, for one that is negative, for an optimizer that is neither SGD
///          nor AdamW
OPSIS_API void set_weight_decay(torch::optim::Optimizer& optimizer, std::span<const double> decays);

/// `factors`: a number for each group of parameters, by which its rate is multiplied; none: all have the same.
/// Throws   ValueError for another number of factors than groups
OPSIS_API void set_learning_rate(torch::optim::Optimizer& optimizer, double lr, std::span<const double> factors = {});

/// {"state": {0: {"momentum_buffer": tensor}, ...}, "param_groups": [{"lr": ..., "params": [0, ...]}]}
/// Source   torch.optim.Optimizer.state_dict
OPSIS_API hub::Value optimizer_state(torch::optim::Optimizer& optimizer);

/// Brings back what optimizer_state, or Python, wrote.
/// Throws   ValueError when it belongs to another optimizer or another number or shape of parameters
OPSIS_API void load_optimizer_state(torch::optim::Optimizer& optimizer, const hub::Value& state);

}  // namespace opsis::inline v1::engine
