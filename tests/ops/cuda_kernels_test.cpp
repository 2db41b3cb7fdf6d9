// What is said where libopsis_cuda is not loaded. What it does where there is a GPU is told by tests/cuda.
#include "opsis/ops/cuda.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

TEST(CudaKernels, AreAskedForByNameWhereTheyAreMissing) {
  EXPECT_ERROR(ops::detail::cuda_kernels("nms"), NotBuiltError,
               "nms: the kernels for CUDA tensors are in libopsis_cuda; configure with -DOPSIS_CUDA=ON and link opsis::cuda");
}

}  // namespace
}  // namespace opsis
