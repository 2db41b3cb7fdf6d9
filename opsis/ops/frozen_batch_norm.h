// Batch norm that stays as it was trained.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/ops/layer.h"

namespace opsis::inline v1::ops {

/// x * weight / sqrt(running_var + eps) + bias - running_mean * ..., all four of them buffers. State dicts of batch norm load,
/// whose num_batches_tracked is passed over.
/// Shapes   (N, num_features, H, W) -> the same
/// Throws   ValueError for other channels
/// Source   torchvision.ops.FrozenBatchNorm2d
class OPSIS_API FrozenBatchNorm2dImpl : public torch::nn::Module {
 public:
  explicit FrozenBatchNorm2dImpl(int64_t num_features, double eps = 1e-5);
  torch::Tensor forward(const torch::Tensor& x);
  void pretty_print(std::ostream& out) const override;

  double eps;
  torch::Tensor weight, bias, running_mean, running_var;
};
TORCH_MODULE(FrozenBatchNorm2d);

/// Makes FrozenBatchNorm2d: the norm of detectors' backbones.
OPSIS_API NormLayer frozen_batch_norm_2d(double eps = 1e-5);

}  // namespace opsis::inline v1::ops
