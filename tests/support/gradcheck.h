// Gradients held against finite differences.
#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>

#include <functional>

namespace support {

/// Whether the gradient of every number of `input` (float64) is what central differences say, to 1e-5 of the largest.
/// Source   torch.autograd.gradcheck
::testing::AssertionResult gradcheck(const std::function<torch::Tensor(const torch::Tensor&)>& call,
                                     const torch::Tensor& input);

}  // namespace support
