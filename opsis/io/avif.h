// AVIF by libavif: bytes to pixels and back. No tensors; opsis/io/image.h has those.
#pragma once

#include <vector>

#include "opsis/core/size.h"
#include "opsis/io/codec.h"

namespace opsis::inline v1::io::avif {

/// Whether the bytes begin as an AVIF does: "ftyp", and the brand of a picture or of a sequence.
inline bool matches(Bytes bytes) { return has_magic(bytes, 4, "ftypavif") || has_magic(bytes, 4, "ftypavis"); }

/// Decodes as torchvision.io.decode_avif does: RGB or, under RGB_ALPHA or when the file has it under any mode but RGB, RGBA.
/// Files of more than 8 bits give 16, in the whole range of 16. Under RGB, what has alpha is shown before black.
/// Differs  applies the file's own rotation and mirroring ("irot", "imir"), or else its EXIF orientation, when
///          options.apply_exif_orientation
/// Throws   DecodeError for bytes that are no AVIF, end early, are a sequence or go over options.limits (side, pixels,
///          image_bytes, codec_bytes)
OPSIS_API void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination);

struct Encoding {
  int depth = 8;     ///< of the file: 8, 10 or 12
  int quality = 75;  ///< 0 to 100
  int speed = 6;     ///< 0, slow, to 10
  bool lossless = false;
};

/// The bytes of an AVIF of pixels of `bits`, 8 or 16, `channels` of them (1 gray, 3 RGB, 4 RGBA) innermost.
/// Throws   ValueError when libavif refuses
OPSIS_API std::vector<uint8_t> encode(const void* pixels, Size size, int64_t channels, int bits, const Encoding& encoding);

}  // namespace opsis::inline v1::io::avif
