// GIF by giflib: bytes to frames and back. No tensors; opsis/io/image.h has those.
#pragma once

#include <vector>

#include "opsis/core/size.h"
#include "opsis/io/codec.h"

namespace opsis::inline v1::io::gif {

/// Whether the bytes begin as every GIF does.
inline bool matches(Bytes bytes) { return has_magic(bytes, 0, "GIF89a") || has_magic(bytes, 0, "GIF87a"); }

/// Decodes as torchvision.io.decode_gif does: every frame as it is shown, in RGB, whatever options.mode is. A frame is drawn
/// upon the background color when its own disposal is 2 (or 4 to 7, which mean nothing), else upon the frame before it: so does
/// torchvision, though the standard has it that a disposal is for the frame that follows, and that 3 takes the frame away.
/// Differs  what lies outside the canvas is cut off, and a color that no palette has is black, where torchvision leaves its
///          memory; under options.strict either is an error
/// Throws   DecodeError for bytes that are no GIF, end early or go over options.limits (side, pixels, frames, image_bytes)
OPSIS_API void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination);

/// The bytes of a GIF of frames of 8-bit pixels, `channels` of them (1 gray, 3 RGB, 4 RGBA) innermost. Up to 256 colors a
/// frame (255 where any frame is transparent somewhere) are kept as they are, more are reduced to the nearest of 256 by median
/// cut. Pixels are transparent or not: alpha from 128 is not.
/// Throws   ValueError for sides over 65535
OPSIS_API std::vector<uint8_t> encode(const uint8_t* pixels, int64_t frames, Size size, int64_t channels, int64_t delay_ms,
                                      int64_t loops);

}  // namespace opsis::inline v1::io::gif
