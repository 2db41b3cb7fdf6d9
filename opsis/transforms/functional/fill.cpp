#include "opsis/transforms/functional/fill.h"

#include <algorithm>
#include <cmath>

#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {

std::vector<double> Fill::numbers() const {
  if (const auto* integer = std::get_if<int64_t>(&fill_)) return {static_cast<double>(*integer)};
  if (const auto* number = std::get_if<double>(&fill_)) return {*number};
  if (const auto* channels = std::get_if<std::vector<double>>(&fill_)) return *channels;
  return {0.0};
}

std::string Fill::repr() const {
  if (const auto* integer = std::get_if<int64_t>(&fill_)) return detail::python(*integer);
  if (const auto* number = std::get_if<double>(&fill_)) return detail::python(*number);
  const auto* channels = std::get_if<std::vector<double>>(&fill_);
  if (!channels) return "None";
  // Whether a list held integers is not kept; whole numbers print as such.
  const bool whole =
      std::all_of(channels->begin(), channels->end(), [](double c) { return c == std::trunc(c) && std::abs(c) < 1e15; });
  return whole ? detail::python(std::vector<int64_t>(channels->begin(), channels->end())) : detail::python(*channels);
}

}  // namespace opsis::inline v1::transforms
