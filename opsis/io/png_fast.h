// The quick way through a PNG: chunks walked here, inflated at once by libdeflate, unfiltered by SIMD. For png.cpp.
#pragma once

#include <string_view>

#include "opsis/io/codec.h"

namespace opsis::inline v1::io::png {

inline constexpr std::string_view signature = "\x89PNG\r\n\x1a\n";

/// Decodes the common kinds of flawless files: 8 or 16 bits, not interlaced, no conversion to gray. False, with nothing asked of
/// `destination`, for every other file, so that libpng's verdict on what is broken or odd stands. One thing is seen by zlib alone:
/// libdeflate takes tables of Huffman codes that are incomplete or longer than they may be, and codes that stand for nothing
/// (lengths 286 and 287, distances 30 and 31, the other bit where there is one code).
/// Throws   ValueError when options.region leaves the picture
OPSIS_API bool decode_fast(Bytes bytes, const DecodeOptions& options, const Destination& destination);

}  // namespace opsis::inline v1::io::png
