#include "opsis/ops/cuda.h"

#include <atomic>

#include "opsis/core/check.h"

namespace opsis::inline v1::ops::detail {
namespace {

std::atomic<const CudaKernels*> loaded{nullptr};

}  // namespace

const CudaKernels& cuda_kernels(std::string_view where) {
  const auto* const kernels = loaded.load(std::memory_order_acquire);
  if (kernels == nullptr) {
    raise<NotBuiltError>(
        "{}: the kernels for CUDA tensors are in libopsis_cuda; configure with -DOPSIS_CUDA=ON and link opsis::cuda, or move "
        "the "
        "tensors to the CPU",
        where);
  }
  return *kernels;
}

void set_cuda_kernels(const CudaKernels& kernels) { loaded.store(&kernels, std::memory_order_release); }

}  // namespace opsis::inline v1::ops::detail
