// Where the operators find their CUDA kernels. libopsis uses the CPU alone, so that a program without a GPU neither needs nor
// loads CUDA's libraries; libopsis_cuda brings the kernels and puts them here when it is loaded. For Opsis's own sources.
#pragma once

#include <torch/types.h>

#include <string_view>

#include "opsis/core/api.h"
#include "opsis/ops/deform_conv_kernels.h"
#include "opsis/ops/region_ops.h"

namespace opsis::inline v1::ops::detail {

/// They trust their arguments, as the kernels on the CPU do, but for the values of tensors.
struct CudaKernels {
  RegionKernels regions;
  /// Which of the boxes, best first, stay: (N, 4) -> (N) bool. `classes` (N) int64 or undefined: only boxes of one class meet.
  torch::Tensor (*nms)(const torch::Tensor& boxes, const torch::Tensor& classes, double iou_threshold);
  DeformKernels deform_conv2d;
};

/// Throws NotBuiltError when libopsis_cuda is not loaded.
OPSIS_API const CudaKernels& cuda_kernels(std::string_view where);
OPSIS_API void set_cuda_kernels(const CudaKernels& kernels);

}  // namespace opsis::inline v1::ops::detail
