// What the operators of inference_ops.h have in common: tensors as their kernels see them, and where results go.
#pragma once

#include <torch/types.h>

#include <array>
#include <string>
#include <type_traits>

#include "opsis/core/check.h"
#include "opsis/core/tensor_pool.h"
#include "opsis/simd/activate.h"

namespace opsis::inline v1::models::detail {

constexpr auto kLast = torch::MemoryFormat::ChannelsLast;

/// The memory of the program that this thread runs; null: it runs none.
const TensorPool* memory_of_results();

/// A tensor in that memory, with numbers that nobody has written yet.
torch::Tensor room_for(at::IntArrayRef sizes, torch::Dtype type, torch::MemoryFormat format = torch::MemoryFormat::Contiguous);

/// "relu" and its like are bounds, none of these.
simd::Activation activation_named(c10::string_view name);

/// Throws unless the tensor is dense and of the type: the operators can be called by anybody.
void check_numbers(const torch::Tensor& tensor, const char* what, torch::Dtype type = torch::kFloat32);

/// T: float, or uint16_t for bfloat16.
template <class T>
constexpr auto kType = std::is_same_v<T, float> ? torch::kFloat32 : torch::kBFloat16;

template <class T>
const T* read(const torch::Tensor& tensor) {
  return static_cast<const T*>(tensor.const_data_ptr());
}
template <class T>
T* write(const torch::Tensor& tensor) {
  return static_cast<T*>(tensor.data_ptr());
}

/// body(float()) or body(uint16_t()).
template <class Body>
torch::Tensor for_type(const char* name, const torch::Tensor& x, const Body& body) {
  if (x.scalar_type() == torch::kFloat32) return body(float());
  OPSIS_CHECK(x.scalar_type() == torch::kBFloat16, "{}: expected numbers of float32 or bfloat16, got {}", name,
              c10::toString(x.scalar_type()));
  return body(uint16_t());
}

/// What is moved over a picture.
struct Window {
  int64_t height, width, stride_y, stride_x, padding_y, padding_x, dilation_y, dilation_x;

  Window(int64_t height, int64_t width, at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation)
      : height(height),
        width(width),
        stride_y(stride.front()),
        stride_x(stride.back()),
        padding_y(padding.front()),
        padding_x(padding.back()),
        dilation_y(dilation.front()),
        dilation_x(dilation.back()) {
    OPSIS_CHECK(height > 0 && width > 0 && std::min(stride_y, stride_x) > 0 && std::min(dilation_y, dilation_x) > 0 &&
                    std::min(padding_y, padding_x) >= 0,
                "inference: windows of {} x {}, stride {}, padding {}, dilation {} cannot be", height, width, c10::str(stride),
                c10::str(padding), c10::str(dilation));
  }

  int64_t out_height(int64_t in) const { return (in + 2 * padding_y - dilation_y * (height - 1) - 1) / stride_y + 1; }
  int64_t out_width(int64_t in) const { return (in + 2 * padding_x - dilation_x * (width - 1) - 1) / stride_x + 1; }
};

/// Of a picture (N, C, H, W).
std::array<int64_t, 4> result_shape(const torch::Tensor& x, int64_t channels, const Window& window);

}  // namespace opsis::inline v1::models::detail
