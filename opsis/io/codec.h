// What all image codecs share: what may be asked of them and how pixels find their way into the caller's memory. No tensors.
//
// A codec is a pair of files, foo.{h,cpp}, with foo_not_built.cpp for builds without its library. Its decode() reads the
// header, checks it against the limits, asks the caller for memory and fills it. To add one: write the pair, name it by
// opsis_optional() in CMakeLists.txt and by opsis_pair() in opsis/CMakeLists.txt, and add its line to codecs.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// The channels wanted. UNCHANGED is what the file has: 1, 2, 3 or 4 of them.
/// Source   torchvision.io.ImageReadMode
enum class ImageReadMode { UNCHANGED, GRAY, GRAY_ALPHA, RGB, RGB_ALPHA, RGBA = RGB_ALPHA };

/// How to decode; the defaults are torchvision's.
struct DecodeOptions {
  ImageReadMode mode = ImageReadMode::UNCHANGED;
  bool apply_exif_orientation = false;  ///< turn the picture as its EXIF orientation says (JPEG, PNG)
  Limits limits{};
};

/// What a codec is about to write.
struct ImageInfo {
  int64_t height = 0, width = 0, channels = 0;
  int bits = 8;         ///< of a sample: 8, or 16 in the machine's byte order
  int orientation = 1;  ///< EXIF's, 1 to 8; read only when options.apply_exif_orientation, and left for the caller to apply
};

/// Gives the memory of an image: height * width * channels samples, row after row, channels innermost. Called at most once,
/// after the header has passed the limits. After an error the memory holds part of an image.
using Destination = std::function<void*(const ImageInfo&)>;

/// Throws DecodeError, in the name of `function`, when the image is over limits.side or limits.pixels.
OPSIS_API void check_limits(std::string_view function, const ImageInfo& info, const Limits& limits);

}  // namespace opsis::inline v1::io
