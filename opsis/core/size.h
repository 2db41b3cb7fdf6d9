// Height and width, in that order, as torchvision has them.
#pragma once

#include <cstdint>
#include <ostream>

namespace opsis::inline v1 {

/// A size in pixels. Prints as (height, width).
struct Size {
  int64_t height = 0;
  int64_t width = 0;
  friend bool operator==(const Size&, const Size&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Size& size) {
    return out << '(' << size.height << ", " << size.width << ')';
  }
};

}  // namespace opsis::inline v1
