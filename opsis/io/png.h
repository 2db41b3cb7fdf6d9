// PNG by libpng: bytes to pixels and back. No tensors; opsis/io/image.h has those.
#pragma once

#include <vector>

#include "opsis/core/size.h"
#include "opsis/io/codec.h"

namespace opsis::inline v1::io::png {

/// Whether the bytes begin as every PNG does.
inline bool matches(Bytes bytes) { return has_magic(bytes, 0, "\x89PNG"); }

/// Decodes as torchvision.io.decode_png does: the same pixels, the same files refused. Samples of 16 bits stay so.
/// Differs  palettes of fewer than 8 bits under UNCHANGED, and palettes without transparency under the modes with alpha, are
///          decoded (indices; opaque colors) where torchvision gives memory it never wrote
/// Throws   DecodeError for bytes that are no PNG, end early or go over options.limits (side, pixels, codec_bytes)
OPSIS_API void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination);

/// decode without its quick way for common files (png_fast.h), which gives the same: for tests.
OPSIS_API void decode_by_libpng(Bytes bytes, const DecodeOptions& options, const Destination& destination);

/// The bytes of a PNG of 8-bit pixels, `channels` of them (1 gray, 3 RGB) innermost.
/// Throws   ValueError when libpng refuses the size
OPSIS_API std::vector<uint8_t> encode(const uint8_t* pixels, Size size, int64_t channels, int64_t compression_level);

/// Others, with the same pixels, by the quick way (png_fast.h) where that goes.
OPSIS_API std::vector<uint8_t> encode_quickly(const uint8_t* pixels, Size size, int64_t channels, int64_t compression_level);

}  // namespace opsis::inline v1::io::png
