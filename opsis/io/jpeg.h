// JPEG by libjpeg-turbo: bytes to pixels and back. No tensors; opsis/io/image.h has those.
#pragma once

#include <vector>

#include "opsis/core/size.h"
#include "opsis/io/codec.h"

namespace opsis::inline v1::io::jpeg {

/// Whether the bytes begin as every JPEG does.
inline bool matches(Bytes bytes) { return has_magic(bytes, 0, "\xFF\xD8\xFF"); }

/// Decodes as torchvision.io.decode_jpeg does: the same pixels, the same files refused.
/// Throws   ValueError for a mode with alpha, which JPEG has not; DecodeError for bytes that are no whole JPEG or go over
///          options.limits (side, pixels, jpeg_scans, codec_bytes)
OPSIS_API void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination);

/// decode without its quick way for common files (jpeg_fast.h), which gives the same: for tests.
OPSIS_API void decode_by_libjpeg(Bytes bytes, const DecodeOptions& options, const Destination& destination);

/// The bytes of a JPEG of 8-bit pixels, `channels` of them (1 gray, 3 RGB) innermost.
/// Throws   ValueError when libjpeg refuses the size
OPSIS_API std::vector<uint8_t> encode(const uint8_t* pixels, Size size, int64_t channels, int64_t quality);

}  // namespace opsis::inline v1::io::jpeg
