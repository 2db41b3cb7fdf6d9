// Pixels that lie channel after channel. For Opsis's own sources.
#pragma once

#include <torch/types.h>

namespace opsis::inline v1::transforms::detail {

/// `image` (..., C, H, W) in contiguous memory, itself where it lies so already.
///
/// Where torchvision's kernel leaves planes of a picture whose pixels lay one after the other, as a decoder makes it, so must ours:
/// GaussianNoise draws in the order of the memory, and other noise would come after the same seed.
torch::Tensor in_planes(const torch::Tensor& image);

}  // namespace opsis::inline v1::transforms::detail
