// The quick way through a PNG, and to one: chunks walked here, inflated and deflated at once, filters by SIMD. For png.cpp.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "opsis/core/size.h"
#include "opsis/io/codec.h"

namespace opsis::inline v1::io::png {

inline constexpr std::string_view signature = "\x89PNG\r\n\x1a\n";

/// Decodes the common kinds of flawless files: 8 or 16 bits, not interlaced, no conversion to gray. False, with nothing asked of
/// `destination`, for every other file, so that libpng's verdict on what is broken or odd stands. One thing is seen by zlib
/// alone: libdeflate takes tables of Huffman codes that are incomplete or longer than they may be, and codes that stand for
/// nothing (lengths 286 and 287, distances 30 and 31, the other bit where there is one code).
/// Throws   ValueError when options.region leaves the picture
OPSIS_API bool decode_fast(Bytes bytes, const DecodeOptions& options, const Destination& destination);

/// png::encode_quickly, by the filters that libpng would choose. None for what has no pixel, or too many to deflate at once, and in
/// builds without libdeflate: libpng does those, a row after the other.
OPSIS_API std::optional<std::vector<uint8_t>> encode_fast(const uint8_t* pixels, Size size, int64_t channels,
                                                          int64_t compression_level);

}  // namespace opsis::inline v1::io::png
