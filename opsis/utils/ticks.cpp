#include "opsis/utils/ticks.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "opsis/core/check.h"

namespace opsis::inline v1::utils {
namespace {

double round_step(double at_least) {
  const double power = std::pow(10.0, std::floor(std::log10(at_least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= at_least * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::string tick_label(double value, double step, double largest) {
  const auto step_exponent = static_cast<int>(std::floor(std::log10(step) + 1e-9));
  if (step_exponent >= -4 && largest < 1e6) return fixed(value, std::max(0, -step_exponent));
  // As many digits as tell one tick from the next.
  const auto digits = static_cast<int>(std::floor(std::log10(largest) + 1e-9)) - step_exponent + 1;
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out.precision(std::clamp(digits, 1, 17));
  out << value;
  return out.str();
}

}  // namespace

std::vector<Tick> ticks(double low, double high, int64_t most, bool integers_only) {
  OPSIS_CHECK(low < high && std::isfinite(high - low), "ticks: low must be less than high and both finite, got {} and {}", low,
              high);
  OPSIS_CHECK(most >= 1, "ticks: most must be at least 1, got {}", most);
  // Below 1e-300 the powers of ten lose their digits.
  double step = round_step(std::max((high - low) / static_cast<double>(most), 1e-300));
  if (integers_only) step = std::max(step, 1.0);
  std::vector<Tick> out;
  const double largest = std::max(std::abs(low), std::abs(high));
  const double first = std::ceil(low / step - 1e-9);
  for (int64_t i = 0; i <= most; ++i) {
    double value = (first + static_cast<double>(i)) * step;
    if (value > high + step * 1e-9) break;
    if (std::abs(value) < step * 1e-9) value = 0;  // no "-0.0"
    out.push_back({value, tick_label(value, step, largest)});
  }
  return out;
}

}  // namespace opsis::inline v1::utils
