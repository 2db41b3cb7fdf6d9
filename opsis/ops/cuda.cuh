// What the CUDA kernels share.
#pragma once

#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include <algorithm>
#include <cstdint>

namespace opsis::inline v1::ops::detail {

constexpr int kThreads = 256;

template <class Index, class Body>
__global__ void __launch_bounds__(kThreads) each_kernel(Index count, Body body) {
  const auto step = static_cast<Index>(gridDim.x) * kThreads;
  for (auto i = static_cast<Index>(blockIdx.x) * kThreads + threadIdx.x; i < count; i += step) body(i);
}

/// body(i) for each i below `count`, on the current stream of the current device. `i` is 32 bits long where that is enough: a GPU
/// is slow at dividing longer ones.
template <class Body>
void for_each_on_gpu(int64_t count, const Body& body) {
  if (count == 0) return;
  const auto blocks = static_cast<unsigned>(std::min<int64_t>((count + kThreads - 1) / kThreads, int64_t{1} << 22));
  const auto stream = at::cuda::getCurrentCUDAStream();
  if (count <= (int64_t{1} << 30)) {
    each_kernel<<<blocks, kThreads, 0, stream>>>(static_cast<uint32_t>(count), body);
  } else {
    each_kernel<<<blocks, kThreads, 0, stream>>>(static_cast<uint64_t>(count), body);
  }
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace opsis::inline v1::ops::detail
