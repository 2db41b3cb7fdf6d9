// .flo, the optical flow of Middlebury: bytes to two planes of numbers. No tensors; opsis/io/image.h has those.
// docs/formats/flo.md has the layout.
#pragma once

#include "opsis/io/codec.h"

namespace opsis::inline v1::io::flo {

/// Whether the bytes begin as a .flo does: the number 202021.25.
inline bool matches(Bytes bytes) { return has_magic(bytes, 0, "PIEH"); }

/// Gives the flow as stored: 2 channels innermost, right and down, in pixels. A flow is no picture: options.mode must be
/// UNCHANGED.
/// Throws   DecodeError for bytes that are no .flo, end early or go over options.limits (side, pixels, image_bytes); ValueError
///          for a mode
OPSIS_API void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination);

}  // namespace opsis::inline v1::io::flo
