// What the kernels share about tensors. For Opsis's own sources.
#pragma once

#include <ATen/ScalarOps.h>
#include <torch/types.h>

#include <string_view>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/size.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::transforms::detail {

/// Throws ValueError, in the words of the function `where`, unless the tensor has at least `dims` (2 to 4) dimensions.
inline void check_dims(std::string_view where, const torch::Tensor& tensor, int64_t dims) {
  constexpr std::string_view layouts[] = {"(..., H, W)", "(..., C, H, W)", "(..., T, C, H, W)"};
  OPSIS_CHECK(tensor.defined() && tensor.dim() >= dims, "{}: the tensor must be {}, got {}", where, layouts[dims - 2],
              opsis::detail::shape(tensor));
}

/// A factor as Python hands it to a tensor. ATen multiplies float16 and bfloat16 by it in float32; a Scalar, C++'s way, it first
/// rounds to the tensor's type.
inline torch::Tensor python_number(double factor) { return at::native::wrapped_scalar_tensor(factor); }
inline torch::Tensor times(const torch::Tensor& tensor, double factor) { return tensor.mul(python_number(factor)); }

/// The sizes of `tensor` with another height and width.
inline std::vector<int64_t> shape_with(const torch::Tensor& tensor, Size size) {
  auto shape = tensor.sizes().vec();
  shape[shape.size() - 2] = size.height;
  shape[shape.size() - 1] = size.width;
  return shape;
}

/// `kernel(mask)` for a kernel that needs a channel: a mask (H, W) is lent one.
template <class Kernel>
torch::Tensor with_channel(const torch::Tensor& mask, const Kernel& kernel) {
  return mask.dim() < 3 ? kernel(mask.unsqueeze(0)).squeeze(0) : kernel(mask);
}

}  // namespace opsis::inline v1::transforms::detail
