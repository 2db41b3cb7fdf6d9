#include "opsis/ops/frozen_batch_norm.h"

#include <torch/torch.h>

#include "opsis/core/check.h"
#include "opsis/ops/print.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::ops {

FrozenBatchNorm2dImpl::FrozenBatchNorm2dImpl(int64_t num_features, double added)
    : torch::nn::Module("FrozenBatchNorm2d"),
      eps(added),
      weight(register_buffer("weight", torch::ones(num_features))),
      bias(register_buffer("bias", torch::zeros(num_features))),
      running_mean(register_buffer("running_mean", torch::zeros(num_features))),
      running_var(register_buffer("running_var", torch::ones(num_features))) {}

torch::Tensor FrozenBatchNorm2dImpl::forward(const torch::Tensor& x) {
  const auto channels = weight.numel();
  // What broadcasts is taken, as torchvision takes it.
  OPSIS_CHECK(x.defined() && (x.dim() < 3 || channels == 1 || x.size(-3) == 1 || x.size(-3) == channels),
              "FrozenBatchNorm2d: input must be (N, {}, H, W), got {}", channels, opsis::detail::shape(x));
  const auto by_channel = [](const torch::Tensor& numbers) { return numbers.reshape({1, -1, 1, 1}); };
  const auto scale = by_channel(weight) * (by_channel(running_var) + eps).rsqrt();
  return x * scale + (by_channel(bias) - by_channel(running_mean) * scale);
}

void FrozenBatchNorm2dImpl::pretty_print(std::ostream& out) const {
  out << "FrozenBatchNorm2d(" << weight.size(0) << ", eps=" << detail::python(eps) << ')';
}

NormLayer frozen_batch_norm_2d(double eps) {
  return [=](int64_t channels) -> Layer { return FrozenBatchNorm2d(channels, eps); };
}

}  // namespace opsis::inline v1::ops
