#include "opsis/engine/adamw.h"

#include <torch/utils.h>

#include <cmath>

namespace opsis::inline v1::engine {

using torch::optim::AdamWOptions;
using torch::optim::AdamWParamState;

torch::Tensor AdamW::step(LossClosure closure) {
  const torch::NoGradGuard no_grad;
  torch::Tensor loss;
  if (closure) {
    const torch::AutoGradMode with_grad(true);
    loss = closure();
  }
  for (auto& group : param_groups()) {
    const auto& options = static_cast<const AdamWOptions&>(group.options());
    const auto [beta1, beta2] = options.betas();
    for (auto& parameter : group.params()) {
      const auto& gradient = parameter.grad();
      if (!gradient.defined()) continue;
      auto& slot = state()[parameter.unsafeGetTensorImpl()];
      if (!slot) {
        auto fresh = std::make_unique<AdamWParamState>();
        fresh->exp_avg(torch::zeros_like(parameter, torch::MemoryFormat::Preserve));
        fresh->exp_avg_sq(torch::zeros_like(parameter, torch::MemoryFormat::Preserve));
        slot = std::move(fresh);
      }
      auto& own = static_cast<AdamWParamState&>(*slot);
      own.step(own.step() + 1);
      const auto step = static_cast<double>(own.step());
      const double bias_correction1 = 1 - std::pow(beta1, step);
      const double bias_correction2 = 1 - std::pow(beta2, step);

      if (options.weight_decay() != 0) parameter.mul_(1 - options.lr() * options.weight_decay());
      own.exp_avg().lerp_(gradient, 1 - beta1);
      own.exp_avg_sq().mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
      const auto scale = own.exp_avg_sq().sqrt().div_(std::sqrt(bias_correction2)).add_(options.eps());
      parameter.addcdiv_(own.exp_avg(), scale, -options.lr() / bias_correction1);
    }
  }
  return loss;
}

}  // namespace opsis::inline v1::engine
