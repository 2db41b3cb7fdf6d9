// What all image codecs share: what may be asked of them and how pixels find their way into the caller's memory. No tensors.
//
// A codec is a pair of files, foo.{h,cpp}, with foo_not_built.cpp for builds without its library. Its decode() reads the
// header, checks it against the limits, asks the caller for memory and fills it. CONTRIBUTING.md says how to add one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/core/size.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// The channels wanted. UNCHANGED is what the file has: 1, 2, 3 or 4 of them.
/// Source   torchvision.io.ImageReadMode
enum class ImageReadMode { UNCHANGED, GRAY, GRAY_ALPHA, RGB, RGB_ALPHA, RGBA = RGB_ALPHA };

/// A part of a picture, in pixels of the whole.
struct Region {
  int64_t top = 0, left = 0, height = 0, width = 0;
};

/// How to decode; the defaults are torchvision's, which has the first two only.
struct DecodeOptions {
  ImageReadMode mode = ImageReadMode::UNCHANGED;
  bool apply_exif_orientation = false;  ///< turn the picture as its EXIF orientation says, for the formats that carry EXIF
  Limits limits{};
  /// Only this part of the picture, as it lies after the orientation was applied: byte for byte the crop of what is decoded
  /// without it. JPEG and PNG stop behind it, so damage further down may go unseen unless `strict`.
  std::optional<Region> region{};
  /// Decode at 1/2, 1/4 or 1/8, as small as the shorter side of the result stays at least this; 0 never does. JPEG only: other
  /// formats come as they are. decode_scaled says which it was. The region is in pixels of the unscaled picture also then, and
  /// the result covers it.
  int64_t min_size = 0;
  /// What is a warning of the codec, is an error. libwebp and libavif (which is always as strict as it can be) have no warnings,
  /// nor are there any of PNM and PFM; of a BMP and a GIF, it is what is read in spite of a fault.
  bool strict = false;
  /// Only the first frame or page, as Pillow opens it, and torchvision's data sets by it: of a TIFF no other page is looked at; a
  /// WebP may be animated and an AVIF a sequence; what is transparent in a GIF has the color that its palette names.
  bool still = false;
  /// Let decode_image take HEIC too. Off, since many a libheif in use (Debian 12's 1.15) has no limits against hostile files.
  bool heic = false;
};

/// What kind of number a sample is.
enum class SampleType { UNSIGNED, SIGNED, FLOATING };

/// What a codec is about to write.
struct ImageInfo {
  int64_t height = 0, width = 0, channels = 0;
  int bits = 8;            ///< of a sample: 8, or 16, 32 or 64 in the machine's byte order
  int orientation = 1;     ///< EXIF's, 1 to 8; read only when options.apply_exif_orientation, and left for the caller to apply
  int64_t frames = 1;      ///< one after the other
  int scale = 1;           ///< what is written is 1/scale of the picture's size, rounded up
  bool is_region = false;  ///< it is options.region, or what covers it when scaled; else the whole, and the caller crops
  Size picture{};          ///< of the whole as stored; set when scale or is_region are
  SampleType type = SampleType::UNSIGNED;
};

/// Gives the memory of an image: frames * height * width * channels samples, row after row, channels innermost. Called at most
/// once, after the header has passed the limits. After an error the memory holds part of an image.
using Destination = std::function<void*(const ImageInfo&)>;

/// Throws DecodeError, in the name of `function`, when the image is over limits.side, limits.pixels, limits.frames or
/// limits.image_bytes.
OPSIS_API void check_limits(std::string_view function, const ImageInfo& info, const Limits& limits);

/// check_limits, and limits.swollen_bytes for frames that a file of so many bytes may tell of in few words: an animation, whose
/// frames need not change a pixel, or pages of the same strips.
OPSIS_API void check_frames(std::string_view function, const ImageInfo& info, size_t file_bytes, const Limits& limits);

/// Throws ValueError, in the name of `function`, when the region is empty or leaves a picture of this size.
OPSIS_API void check_region(std::string_view function, const Region& region, Size picture);

/// Where a part of the upright picture lies in the picture as stored, whose size is given and whose EXIF orientation it is; and
/// back.
OPSIS_API Region stored_region(const Region& upright, int orientation, Size stored);
OPSIS_API Region upright_region(const Region& stored_region, int orientation, Size stored);

/// For a codec that crops by itself: checks the region against the whole picture that `info` tells of, notes in it that only the
/// region will be written, and gives its place in the picture as stored.
OPSIS_API Region take_region(std::string_view function, const Region& region, ImageInfo& info);

/// The largest of 1, 2, 4 and 8 by which the sides can be divided, the shorter one staying min_size or more.
OPSIS_API int choose_scale(Size size, int64_t min_size);

/// The part of a picture scaled by 1/scale that covers a part of the unscaled one.
OPSIS_API Region scaled_region(const Region& region, int scale);

}  // namespace opsis::inline v1::io
