// The kernel of deform_conv2d on the CPU. For Opsis's own sources: deform_conv.h is the front.
#pragma once

#include <torch/types.h>

#include <array>
#include <tuple>

namespace opsis::inline v1::ops::detail {

/// The numbers of torchvision's schema.
struct Deformation {
  std::array<int64_t, 2> stride, padding, dilation;
  int64_t groups, offset_groups;
  bool use_mask;

  /// Pixels of the result along an axis (0 down, 1 across).
  int64_t length(size_t axis, int64_t input, int64_t kernel) const {
    return (input + 2 * padding[axis] - dilation[axis] * (kernel - 1) - 1) / stride[axis] + 1;
  }
};

using DeformGradients = std::tuple<torch::Tensor, torch::Tensor, torch::Tensor, torch::Tensor, torch::Tensor>;

/// Of arguments whose shapes fit.
torch::Tensor deform_conv2d_cpu(const torch::Tensor& input, const torch::Tensor& weight, const torch::Tensor& offset,
                                const torch::Tensor& mask, const torch::Tensor& bias, const Deformation& deformation);
/// Gradients of input, weight, offset, mask and bias.
DeformGradients deform_conv2d_backward_cpu(const torch::Tensor& grad, const torch::Tensor& input, const torch::Tensor& weight,
                                           const torch::Tensor& offset, const torch::Tensor& mask, const torch::Tensor& bias,
                                           const Deformation& deformation);

}  // namespace opsis::inline v1::ops::detail
