# CUDA's compiler, and LibTorch's CUDA half as the imported target opsis_libtorch_cuda. Sets OPSIS_HAS_CUDA.
set(OPSIS_HAS_CUDA FALSE)
if(OPSIS_CUDA)
  find_program(OPSIS_NVCC nvcc PATHS /usr/local/cuda/bin)
  set(_libtorch_cuda ${OPSIS_LIBTORCH_ROOT}/lib/libtorch_cuda.so)
  if(OPSIS_NVCC AND EXISTS ${_libtorch_cuda})
    set(OPSIS_HAS_CUDA TRUE)
  elseif(NOT OPSIS_CUDA STREQUAL "AUTO")
    message(FATAL_ERROR "OPSIS_CUDA is ON, which needs nvcc (found: ${OPSIS_NVCC}) and a LibTorch with CUDA, which has "
      "${_libtorch_cuda}. Install the CUDA toolkit, give another LibTorch by -DOPSIS_LIBTORCH, or configure with -DOPSIS_CUDA=OFF")
  endif()
  message(STATUS "OPSIS_CUDA: ${OPSIS_HAS_CUDA} (the operators' CUDA kernels by nvcc)")
endif()
if(NOT OPSIS_HAS_CUDA)
  return()
endif()

if(NOT CMAKE_CUDA_ARCHITECTURES)
  # Ampere and Hopper as they are; what else there is from Turing on by way of the driver's compiler.
  set(CMAKE_CUDA_ARCHITECTURES 75-virtual 80-real 90-real)
endif()
set(CMAKE_CUDA_COMPILER ${OPSIS_NVCC})
set(CMAKE_CUDA_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
enable_language(CUDA)
# The same roundings as on the CPU: no multiplication is fused with an addition.
string(APPEND CMAKE_CUDA_FLAGS " -std=c++20 --expt-relaxed-constexpr --extended-lambda --fmad=false -Xcompiler=-fvisibility=hidden")

add_library(opsis_libtorch_cuda INTERFACE IMPORTED)
target_link_libraries(opsis_libtorch_cuda INTERFACE ${_libtorch_cuda} ${OPSIS_LIBTORCH_ROOT}/lib/libc10_cuda.so)
