// What deflate made small, made large again. By libdeflate, which does it all at once.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// Deflate cannot make more of its bytes than this many times as many, so a size beyond that is a lie.
constexpr size_t kLargestInflation = 1032;

/// The content of a raw deflate stream, as zip has them, whose size is known.
/// Throws   DecodeError when it is not sound or has another size, which is seen before memory is asked for where no stream of
///          so few bytes could have it; NotBuiltError in a build without libdeflate
OPSIS_API std::vector<uint8_t> inflate_raw(Bytes deflated, size_t size);

/// The content of a gzip file, of all of its members: at most so many bytes. `limit` says in an error what allows no more.
/// Throws   DecodeError when it is not sound, or larger; NotBuiltError in a build without libdeflate
OPSIS_API std::vector<uint8_t> inflate_gzip(Bytes file, uint64_t most, std::string_view limit);

/// Whether the bytes begin as those of gzip do.
inline bool is_gzip(Bytes bytes) { return has_magic(bytes, 0, "\x1f\x8b"); }

}  // namespace opsis::inline v1::io
