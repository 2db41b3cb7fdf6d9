// What the readers of MATLAB's versions have in common; that of 7.3 has a file of its own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "opsis/core/check.h"
#include "opsis/core/limits.h"
#include "opsis/io/mat.h"

namespace opsis::inline v1::io::detail {

constexpr int kDeepestArray = 32;     // arrays within arrays
constexpr int64_t kArrayBytes = 256;  // what an array costs in memory, however little it holds

[[noreturn]] inline void bad_mat(std::string_view why) { raise<DecodeError>("read_mat: {}", why); }

// What an array may still take of limits.image_bytes.
class MatBudget {
 public:
  explicit MatBudget(const Limits& limits) : most_(limits.image_bytes) {}
  void check(int64_t bytes) const {
    if (bytes > most_ - used_) bad_mat(text("it is over limits.image_bytes ({})", most_));
  }
  void charge(int64_t bytes) {
    check(bytes);
    used_ += bytes;
  }

 private:
  int64_t most_, used_ = 0;
};

// Refuses sides of which no array can be.
inline int64_t checked_count(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const auto side : shape) {
    if (side < 0 || __builtin_mul_overflow(count, std::max<int64_t>(side, 1), &count))
      bad_mat("an array's sides are not sound");
  }
  return count;
}

// One character, as UTF-8.
inline void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// The array of that name in a file of version 7.3.
MatArray parse_mat_hdf5(Bytes file, const std::string& name, const Limits& limits);

}  // namespace opsis::inline v1::io::detail
