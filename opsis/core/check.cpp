#include "opsis/core/check.h"

#include <cmath>
#include <iomanip>

namespace opsis::inline v1 {

std::string detail::fill_in(std::string_view pattern, const std::string* values, size_t count) {
  std::string out;
  size_t used = 0;
  while (true) {
    const auto hole = pattern.find("{}");
    if (hole == std::string_view::npos || used == count) break;
    out.append(pattern.substr(0, hole)).append(values[used++]);
    pattern.remove_prefix(hole + 2);
  }
  return out.append(pattern);
}

std::string fixed(double value, int digits) {
  if (std::isnan(value)) return "nan";  // its sign means nothing, and a stream prints it
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}

}  // namespace opsis::inline v1
