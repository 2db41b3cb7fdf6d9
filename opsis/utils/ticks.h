// Round numbers for the axes of plots.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::utils {

struct Tick {
  double value = 0;
  std::string label;
};

/// At most `most` + 1 multiples of 1, 2 or 5 times a power of ten within [low, high], with labels of equally many digits.
///     ticks(0.03, 0.98, 5)   // 0.2, 0.4, 0.6, 0.8
/// Throws   ValueError unless low < high, both and their difference are finite and most >= 1
OPSIS_API std::vector<Tick> ticks(double low, double high, int64_t most, bool integers_only = false);

}  // namespace opsis::inline v1::utils
