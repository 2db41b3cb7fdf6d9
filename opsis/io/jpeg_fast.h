// The quick way through a JPEG: numbers out of tables, blocks in pairs, no more of the picture than is asked for. For jpeg.cpp.
#pragma once

#include "opsis/io/codec.h"

namespace opsis::inline v1::io::jpeg {

/// Decodes the common kinds of flawless files: baseline, gray or YCbCr (4:4:4, 4:2:2, 4:2:0), whole, a region of it, or at 1/8
/// of its size. False for every other file, so that libjpeg's verdict on what is broken or odd stands; then `destination` may
/// have been asked, for what libjpeg will ask too, and its memory hold anything.
/// Throws   DecodeError when the picture is over options.limits; ValueError when options.region leaves it
OPSIS_API bool decode_fast(Bytes bytes, const DecodeOptions& options, const Destination& destination);

/// The same, by the table that else reads past much of large pictures alone. For tests.
OPSIS_API bool decode_fast_by_skipping(Bytes bytes, const DecodeOptions& options, const Destination& destination);

}  // namespace opsis::inline v1::io::jpeg
