// How a codec refuses what is over a limit.
#pragma once

#include "opsis/core/check.h"

namespace opsis::inline v1::io {

/// Throws a DecodeError that ends with the limit, and says how to raise it.
///     over_limit("decode_png: four rows of {} bytes are over limits.codec_bytes, {}", row_bytes, options.limits.codec_bytes);
template <class... Args>
[[noreturn]] void over_limit(std::string_view pattern, const Args&... args) {
  raise_with<DecodeError>(WayOut::RaiseLimits, "raise it in DecodeOptions::limits for a file that you trust", pattern, args...);
}

}  // namespace opsis::inline v1::io
