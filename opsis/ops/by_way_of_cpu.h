// Operators whose kernel is the CPU's alone. For the sources of this folder.
#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

namespace opsis::inline v1::ops::detail {

inline at::Tensor on_cpu(const at::Tensor& tensor) { return tensor.cpu(); }
template <class T>
const T& on_cpu(const T& option) {
  return option;
}

inline at::Tensor back_on(const at::Device& device, const at::Tensor& result) { return result.to(device); }
template <class... Results>
std::tuple<Results...> back_on(const at::Device& device, const std::tuple<Results...>& results) {
  return std::apply([&](const auto&... result) { return std::tuple(back_on(device, result)...); }, results);
}

// The kernel for tensors of any device: they visit the CPU, and what it gives goes to where the first one was.
//     m.impl("nms_rotated", DispatchKey::CompositeExplicitAutograd, by_way_of_cpu<nms_rotated_cpu>);
template <auto kernel>
struct ByWayOfCpu;
template <class Result, class... Options, Result (*kernel)(const at::Tensor&, Options...)>
struct ByWayOfCpu<kernel> {
  static Result call(const at::Tensor& first, Options... rest) {
    return back_on(first.device(), kernel(on_cpu(first), on_cpu(rest)...));
  }
};
template <auto kernel>
constexpr auto* by_way_of_cpu = &ByWayOfCpu<kernel>::call;

}  // namespace opsis::inline v1::ops::detail
