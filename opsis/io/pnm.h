// PNM (P1 to P6) and PAM (P7): bytes to pixels. No tensors; opsis/io/image.h has those. docs/formats/pnm.md has the layout.
#pragma once

#include "opsis/io/codec.h"

namespace opsis::inline v1::io::pnm {

/// Whether the bytes begin as a PNM or PAM does: P, a digit from 1 to 7, and white space.
inline bool matches(Bytes bytes) {
  return bytes.size() >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7' &&
         (bytes[2] == ' ' || (bytes[2] >= '\t' && bytes[2] <= '\r') || bytes[2] == '#');
}

/// Decodes the first picture of the file. A largest value up to 255 gives 8 bits, a greater one 16, scaled to their whole range.
/// Throws   DecodeError for bytes that are no PNM, end early or go over options.limits (side, pixels, image_bytes, codec_bytes)
OPSIS_API void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination);

}  // namespace opsis::inline v1::io::pnm
