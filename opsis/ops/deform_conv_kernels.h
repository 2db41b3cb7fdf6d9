// The kernels of deform_conv2d. For Opsis's own sources: deform_conv.h is the front.
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

/// Of input, weight, offset, mask and bias.
using DeformGradients = std::tuple<torch::Tensor, torch::Tensor, torch::Tensor, torch::Tensor, torch::Tensor>;

/// The kernels of one kind of device. They trust their arguments but for the values of the offsets. All tensors are contiguous;
/// offsets and masks are of the caller's type, all others float32 or float64.
struct DeformKernels {
  /// Fills `out` with the result, but for the bias.
  void (*forward)(const torch::Tensor& input, const torch::Tensor& weight, const torch::Tensor& offset,
                  const torch::Tensor& mask, const Deformation& deformation, const torch::Tensor& out);
  /// Adds to `out`, of the shapes of what they are the gradients of, but for the bias.
  void (*backward)(const torch::Tensor& grad, const torch::Tensor& input, const torch::Tensor& weight,
                   const torch::Tensor& offset, const torch::Tensor& mask, const Deformation& deformation,
                   const DeformGradients& out);
};

// Those of the CPU.
void deform_conv2d_cpu(const torch::Tensor& input, const torch::Tensor& weight, const torch::Tensor& offset,
                       const torch::Tensor& mask, const Deformation& deformation, const torch::Tensor& out);
void deform_conv2d_backward_cpu(const torch::Tensor& grad, const torch::Tensor& input, const torch::Tensor& weight,
                                const torch::Tensor& offset, const torch::Tensor& mask, const Deformation& deformation,
                                const DeformGradients& out);

}  // namespace opsis::inline v1::ops::detail
