// The conversions of ImageReadMode, for the codecs whose library has none: those that libpng makes of a PNG. No tensors.
#pragma once

#include "opsis/io/codec.h"

namespace opsis::inline v1::io {

/// The channels that a picture of so many has after conversion.
/// Throws   ValueError, in the name of `function`, for a mode other than UNCHANGED and more than 4 channels
OPSIS_API int64_t converted_channels(std::string_view function, ImageReadMode mode, int64_t channels);

/// Converts pixels of 1 (gray), 2 (gray, alpha), 3 (RGB) or 4 (RGBA) channels to `info.channels` of them; equal numbers are
/// copied, then any. The samples are of info.type and info.bits on both sides, without gaps. Gray is
/// 0.2989 R + 0.587 G + 0.114 B; opaque is the largest integer, or 1.
OPSIS_API void convert_channels(const void* from, int64_t from_channels, void* to, const ImageInfo& info, int64_t pixels);

}  // namespace opsis::inline v1::io
