// Calling a function for each input of a transform that gives other types than it takes.
#pragma once

#include <tuple>
#include <utility>

namespace opsis::inline v1::transforms::detail {

/// function(input) of one input, a tuple of them of several.
template <class Function, class... Inputs>
auto each_input(const Function& function, Inputs... inputs) {
  static_assert(sizeof...(Inputs) > 0, "a transform needs something to transform");
  if constexpr (sizeof...(Inputs) == 1) {
    return function(std::move(inputs)...);
  } else {
    return std::tuple(function(std::move(inputs))...);
  }
}

}  // namespace opsis::inline v1::transforms::detail
