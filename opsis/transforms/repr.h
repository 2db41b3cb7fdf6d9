// Printing transforms as Python prints torchvision's. For Opsis's own sources.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/core/size.h"

namespace opsis::inline v1::transforms::detail {

/// A value as Python's str() writes it: True, 3, 0.1, 1e-05, [1, 2].
std::string python(bool value);
std::string python(int64_t value);
std::string python(double value);
std::string python(const std::vector<int64_t>& list);
std::string python(const std::vector<double>& list);
/// (1.0, 2.0)
std::string python(const std::pair<double, double>& pair);
/// (height, width)
std::string python(Size size);

/// (1, 2)
template <class T>
std::string python_tuple(T first, T second) {
  return "(" + python(first) + ", " + python(second) + ")";
}

/// Empty for none.
template <class T>
std::string python(const std::optional<T>& value) {
  return value ? python(*value) : std::string();
}

/// An attribute that Python would not show (None) has an empty value.
using Attribute = std::pair<std::string_view, std::string>;

/// "Resize(size=[256], interpolation=bilinear, antialias=True)"
std::string repr(std::string_view name, std::initializer_list<Attribute> attributes);

/// "Compose(" and a line for each part, indented as torch.nn.Module does.
std::string repr_of_parts(std::string_view name, const std::vector<std::string>& parts);

}  // namespace opsis::inline v1::transforms::detail
