// PFM: bytes to floating-point pixels. No tensors; opsis/io/image.h has those. docs/formats/pfm.md has the layout.
#pragma once

#include "opsis/io/codec.h"

namespace opsis::inline v1::io::pfm {

/// Whether the bytes begin as a PFM does: PF or Pf, and white space.
inline bool matches(Bytes bytes) {
  return (has_magic(bytes, 0, "PF") || has_magic(bytes, 0, "Pf")) && bytes.size() >= 3 &&
         (bytes[2] == ' ' || bytes[2] == '\n' || bytes[2] == '\r' || bytes[2] == '\t');
}

/// Decodes the numbers as they are, the uppermost row first. Of the scale only the sign, which is the byte order, counts, as in
/// torchvision's reader of disparities.
/// Throws   DecodeError for bytes that are no PFM, end early or go over options.limits (side, pixels, image_bytes)
OPSIS_API void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination);

}  // namespace opsis::inline v1::io::pfm
