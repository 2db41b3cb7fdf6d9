// Printing modules as Python prints torchvision's. For Opsis's own sources.
#pragma once

#include <torch/expanding_array.h>

#include <algorithm>
#include <string>

#include "opsis/transforms/repr.h"

namespace opsis::inline v1::ops::detail {

using transforms::detail::python;
using transforms::detail::repr;

/// 7 where all are equal, else (7, 9).
template <size_t n>
std::string python(const torch::ExpandingArray<n>& numbers) {
  const auto& all = *numbers;
  if (std::all_of(all.begin(), all.end(), [&](int64_t number) { return number == all[0]; })) return python(all[0]);
  std::string out = "(" + python(all[0]);
  for (size_t i = 1; i < n; ++i) out += ", " + python(all[i]);
  return out + ")";
}

}  // namespace opsis::inline v1::ops::detail
