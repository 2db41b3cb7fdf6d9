// Gives the kernels to libopsis when this library is loaded.
#include "opsis/ops/cuda_library.h"

namespace opsis::inline v1::ops::detail {
namespace {

const CudaKernels kernels{kRegionsOnCuda, nms_on_cuda, kDeformationOnCuda};
const bool given = (set_cuda_kernels(kernels), true);

}  // namespace
}  // namespace opsis::inline v1::ops::detail
