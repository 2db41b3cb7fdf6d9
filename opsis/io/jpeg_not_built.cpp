#include "opsis/core/check.h"
#include "opsis/io/jpeg.h"

namespace opsis::inline v1::io::jpeg {

void decode(Bytes, const DecodeOptions&, const Destination&) {
  raise<NotBuiltError>("decode_jpeg: built without libjpeg; configure with -DOPSIS_JPEG=ON");
}

void decode_by_libjpeg(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  decode(bytes, options, destination);
}

std::vector<uint8_t> encode(const uint8_t*, Size, int64_t, int64_t) {
  raise<NotBuiltError>("encode_jpeg: built without libjpeg; configure with -DOPSIS_JPEG=ON");
}

}  // namespace opsis::inline v1::io::jpeg
