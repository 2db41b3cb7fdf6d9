// BMP: bytes to pixels. No tensors; opsis/io/image.h has those. docs/formats/bmp.md has the layout.
#pragma once

#include "opsis/io/codec.h"

namespace opsis::inline v1::io::bmp {

/// Whether the bytes begin as a BMP does. Two letters may begin much else, so the size of the second header must be known too.
inline bool matches(Bytes bytes) {
  if (!has_magic(bytes, 0, "BM") || bytes.size() < 18) return false;
  for (const int size : {12, 16, 40, 52, 56, 64, 108, 124}) {
    if (bytes[14] == size && bytes[15] == 0 && bytes[16] == 0 && bytes[17] == 0) return true;
  }
  return false;
}

/// Decodes pixels of 1, 4, 8, 16, 24 and 32 bits, with palettes, masks and run lengths, to 8 bits a channel. Under UNCHANGED a
/// palette of grays gives gray, a mask for alpha RGBA, anything else RGB.
/// Throws   DecodeError for bytes that are no BMP, end early or go over options.limits (side, pixels, image_bytes, codec_bytes)
OPSIS_API void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination);

}  // namespace opsis::inline v1::io::bmp
