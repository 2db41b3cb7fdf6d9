#include "opsis/models/inference_tensors.h"

#include <map>
#include <string_view>
#include <utility>

#include "opsis/models/inference_ops.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::detail {
namespace {

using torch::Tensor;

thread_local const TensorPool* results_memory = nullptr;

}  // namespace

ResultsIn::ResultsIn(const TensorPool& memory) : before_(std::exchange(results_memory, &memory)) {}
ResultsIn::~ResultsIn() { results_memory = before_; }

const TensorPool* memory_of_results() { return results_memory; }

Tensor room_for(at::IntArrayRef sizes, torch::Dtype type, torch::MemoryFormat format) {
  if (results_memory) return results_memory->empty(sizes, type, format);
  return torch::empty(sizes, torch::TensorOptions(type).memory_format(format));
}

simd::Activation activation_named(c10::string_view name) {
  using enum simd::Activation;
  static const std::map<std::string_view, simd::Activation> known{
      {"none", None},           {"sigmoid", Sigmoid}, {"swish", Silu}, {"hardsigmoid", Hardsigmoid},
      {"hardswish", Hardswish}, {"gelu", Gelu},       {"tanh", Tanh}};
  const auto found = known.find({name.data(), name.size()});
  OPSIS_CHECK(found != known.end(), "inference: there is no activation \"{}\"", std::string(name));
  return found->second;
}

void check_numbers(const Tensor& tensor, const char* what, torch::Dtype type) {
  OPSIS_CHECK(tensor.scalar_type() == type && tensor.is_contiguous(), "inference: {} must be of {} and contiguous, is of {}",
              what, c10::toString(type), c10::toString(tensor.scalar_type()));
}

std::array<int64_t, 4> result_shape(const Tensor& x, int64_t channels, const Window& window) {
  OPSIS_CHECK(x.dim() == 4 && x.size(1) > 0 && x.size(2) > 0 && x.size(3) > 0, "inference: expected (N, C, H, W), got {}",
              opsis::detail::shape(x));
  const auto height = window.out_height(x.size(2)), width = window.out_width(x.size(3));
  OPSIS_CHECK(channels > 0 && height > 0 && width > 0, "inference: nothing comes of {}", opsis::detail::shape(x));
  return {x.size(0), channels, height, width};
}

}  // namespace opsis::inline v1::models::detail
