#include "opsis/core/check.h"
#include "opsis/io/tiff.h"

namespace opsis::inline v1::io::tiff {

void decode(Bytes, const DecodeOptions&, const Destination&) {
  raise<NotBuiltError>("decode_tiff: built without libtiff; configure with -DOPSIS_TIFF=ON");
}

std::vector<uint8_t> encode(const void*, const ImageInfo&, TiffCompression) {
  raise<NotBuiltError>("encode_tiff: built without libtiff; configure with -DOPSIS_TIFF=ON");
}

}  // namespace opsis::inline v1::io::tiff
