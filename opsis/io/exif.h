// The one thing read from EXIF: how the camera was held. docs/formats/exif.md has the layout.
#pragma once

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// The orientation, 1 to 8, of an EXIF block that begins with its TIFF header (a PNG's eXIf chunk is one). It is 1, as it is,
/// when the block names none, names one that does not exist, or cannot be read: hostile bytes never cost more than that.
OPSIS_API int exif_orientation(Bytes tiff);

/// Likewise for the content of a JPEG's APP1 segment, which has "Exif\0\0" before the TIFF header.
OPSIS_API int exif_orientation_of_app1(Bytes segment);

}  // namespace opsis::inline v1::io
