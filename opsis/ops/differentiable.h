// Operators that are differentiated by operators of their own, as torchvision's are. For Opsis's own sources.
#pragma once

#include <torch/csrc/autograd/custom_function.h>

#include <functional>
#include <string>

#include "opsis/core/check.h"

namespace opsis::inline v1::ops::detail {

/// A gradient that has none itself: gives what `compute` does, and throws when somebody differentiates that by one of `inputs`.
class DifferentiableOnce : public torch::autograd::Function<DifferentiableOnce> {
 public:
  using Compute = std::function<torch::autograd::variable_list()>;

  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* ctx, const std::string& name,
                                                const Compute& compute, at::TensorList) {
    const at::AutoDispatchBelowADInplaceOrView below;
    ctx->saved_data["name"] = name;
    return compute();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, const torch::autograd::variable_list&) {
    raise<ValueError>("{}: it can be differentiated once only, as in torchvision", ctx->saved_data["name"].toStringRef());
  }
};

}  // namespace opsis::inline v1::ops::detail
