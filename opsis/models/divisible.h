// Channels rounded as the mobile networks round them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace opsis::inline v1::models::detail {

/// The multiple of `divisor` nearest to v, at least `least` (the divisor), and never less than nine tenths of v.
/// Source   torchvision.models._utils._make_divisible
inline int64_t make_divisible(double v, int64_t divisor, std::optional<int64_t> least = {}) {
  const auto nearest = static_cast<int64_t>(v + static_cast<double>(divisor) / 2) / divisor * divisor;
  const auto rounded = std::max(least.value_or(divisor), nearest);
  return static_cast<double>(rounded) < 0.9 * v ? rounded + divisor : rounded;
}

}  // namespace opsis::inline v1::models::detail
