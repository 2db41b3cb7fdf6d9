// What the readers of HDF5's structure and of its numbers share.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "opsis/core/check.h"

namespace opsis::inline v1::io::detail {

enum Hdf5Filter : uint16_t { kDeflate = 1, kShuffle = 2, kFletcher32 = 3 };

[[noreturn]] inline void bad_hdf5(std::string_view why) { raise<DecodeError>("{}", why); }

// As many bytes as sides and width say, when int64 can hold that.
inline std::optional<int64_t> bytes_of(const std::vector<int64_t>& sides, int64_t width) {
  int64_t out = width;
  for (const auto side : sides) {
    if (__builtin_mul_overflow(out, side, &out)) return std::nullopt;
  }
  return out;
}

}  // namespace opsis::inline v1::io::detail
