// Dimensions in another order, as a layer.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::ops {

/// A view of its input with the dimensions in the order `dims`.
/// Source   torchvision.ops.Permute
class OPSIS_API PermuteImpl : public torch::nn::Module {
 public:
  explicit PermuteImpl(std::vector<int64_t> order) : torch::nn::Module("Permute"), dims(std::move(order)) {}
  torch::Tensor forward(const torch::Tensor& x) { return x.permute(dims); }

  std::vector<int64_t> dims;
};
TORCH_MODULE(Permute);

}  // namespace opsis::inline v1::ops
