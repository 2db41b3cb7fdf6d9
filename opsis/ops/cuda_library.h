// What libopsis_cuda is made of: the kernels of each .cu file. For those files and cuda_library.cpp alone.
#pragma once

#include "opsis/ops/cuda.h"

namespace opsis::inline v1::ops::detail {

extern const RegionKernels kRegionsOnCuda;
extern const DeformKernels kDeformationOnCuda;
torch::Tensor nms_on_cuda(const torch::Tensor& boxes, const torch::Tensor& classes, double iou_threshold);

}  // namespace opsis::inline v1::ops::detail
