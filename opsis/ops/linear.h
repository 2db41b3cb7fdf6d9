// The linear layer of networks on more than rows of features.
#pragma once

#include <torch/nn/modules/linear.h>

namespace opsis::inline v1::ops {

/// torch.nn.Linear: (..., in) -> (..., out). LibTorch's own adds the bias to what it has rounded where the input has more than two
/// dimensions, which is another result than Python's in bfloat16.
class LinearImpl : public torch::nn::LinearImpl {
 public:
  using torch::nn::LinearImpl::LinearImpl;
  torch::Tensor forward(const torch::Tensor& input) { return torch::linear(input, weight, bias); }
};
TORCH_MODULE(Linear);

}  // namespace opsis::inline v1::ops
