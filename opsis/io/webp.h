// WebP by libwebp: bytes to pixels and back. No tensors; opsis/io/image.h has those.
#pragma once

#include <vector>

#include "opsis/core/size.h"
#include "opsis/io/codec.h"

namespace opsis::inline v1::io::webp {

/// Whether the bytes begin as every WebP does.
inline bool matches(Bytes bytes) { return has_magic(bytes, 0, "RIFF") && has_magic(bytes, 8, "WEBPVP8"); }

/// Decodes as torchvision.io.decode_webp does: the same pixels, the same files refused, animations among them. RGB or, under
/// RGB_ALPHA or when the file has it under any mode but RGB, RGBA: torchvision gives no gray of WebP either.
/// Throws   DecodeError for bytes that are no WebP, end early, are animated or go over options.limits (side, pixels,
///          image_bytes, codec_bytes)
OPSIS_API void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination);

/// The bytes of a WebP of 8-bit pixels, `channels` of them (3 RGB, 4 RGBA) innermost.
/// Throws   ValueError when libwebp refuses
OPSIS_API std::vector<uint8_t> encode(const uint8_t* pixels, Size size, int64_t channels, double quality, bool lossless,
                                      int64_t effort);

}  // namespace opsis::inline v1::io::webp
