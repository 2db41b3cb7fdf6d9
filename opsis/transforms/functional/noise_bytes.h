// Noise on bytes. For Opsis's own sources.
#pragma once

#include <torch/types.h>

namespace opsis::inline v1::transforms::detail {

/// What is added to a level: a normal number of LibTorch's times `factor` plus `offset`, cut to an integer.
struct ByteNoise {
  double factor, offset;
  bool clip;
};

/// Bytes with the noise of as many normal numbers, operation by operation as torchvision computes it.
torch::Tensor noisy_bytes(const torch::Tensor& bytes, torch::Tensor normals, const ByteNoise& noise);

/// The same of at::empty_like(bytes, torch::kFloat32).normal_(), drawn from the current generator. Where the numbers are
/// moderate they are never written down: kernels add them in one pass, several times as fast.
torch::Tensor noisy_bytes(const torch::Tensor& bytes, const ByteNoise& noise);

}  // namespace opsis::inline v1::transforms::detail
