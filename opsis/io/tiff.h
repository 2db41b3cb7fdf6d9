// TIFF by libtiff: bytes to pages and back. No tensors; opsis/io/image.h has those.
#pragma once

#include <vector>

#include "opsis/core/size.h"
#include "opsis/io/codec.h"

namespace opsis::inline v1::io {

enum class TiffCompression { NONE, LZW, DEFLATE };

namespace tiff {

/// Whether the bytes begin as a TIFF or BigTIFF does.
inline bool matches(Bytes bytes) {
  using namespace std::string_view_literals;
  return has_magic(bytes, 0, "II*\0"sv) || has_magic(bytes, 0, "MM\0*"sv) || has_magic(bytes, 0, "II+\0"sv) ||
         has_magic(bytes, 0, "MM\0+"sv);
}

/// Decodes every page but thumbnails and masks, which must be alike in size and samples. Samples keep their kind: 8, 16 and 32
/// bits, signed or not, floating point of 16, 32 and 64; of 1, 2 and 4 bits they become 8, in the whole range. Palettes and
/// YCbCr become RGB; white that is 0 becomes the largest number; CMYK stays under UNCHANGED. Alpha that is multiplied into the
/// colors stays so. The orientation tag counts under options.apply_exif_orientation.
/// Throws   DecodeError for bytes that are no TIFF, end early, hold what libtiff cannot read, have pages that differ or go over
///          options.limits (side, pixels, frames, image_bytes, codec_bytes)
OPSIS_API void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination);

/// The bytes of a TIFF of info.frames pages.
/// Throws   ValueError when libtiff refuses
OPSIS_API std::vector<uint8_t> encode(const void* pixels, const ImageInfo& info, TiffCompression compression);

}  // namespace tiff
}  // namespace opsis::inline v1::io
