// HEIC by libheif: bytes to pixels. No tensors; opsis/io/image.h has those.
#pragma once

#include "opsis/io/codec.h"

namespace opsis::inline v1::io::heic {

/// Whether the bytes begin as a HEIC does: "ftyp" and a brand of HEVC pictures, or that of any HEIF picture.
inline bool matches(Bytes bytes) {
  for (const std::string_view brand : {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1"}) {
    if (has_magic(bytes, 4, "ftyp") && has_magic(bytes, 8, brand)) return true;
  }
  return false;
}

/// Decodes as torchvision.io.decode_heic does: the primary picture, upright as the file's own transformations have it, in RGB or,
/// under RGB_ALPHA or when the file has it under any mode but RGB, RGBA. Files of more than 8 bits give 16, their bits the
/// upper ones. EXIF's orientation says again what the transformations say, and is never applied: the standard forbids it.
/// Throws   DecodeError for bytes that are no HEIC, end early or go over options.limits (side, pixels, image_bytes, codec_bytes)
OPSIS_API void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination);

}  // namespace opsis::inline v1::io::heic
