#include "opsis/core/check.h"
#include "opsis/io/webp.h"

namespace opsis::inline v1::io::webp {

void decode(Bytes, const DecodeOptions&, const Destination&) {
  raise<NotBuiltError>("decode_webp: built without libwebp; configure with -DOPSIS_WEBP=ON");
}

std::vector<uint8_t> encode(const uint8_t*, Size, int64_t, double, bool, int64_t) {
  raise<NotBuiltError>("encode_webp: built without libwebp; configure with -DOPSIS_WEBP=ON");
}

}  // namespace opsis::inline v1::io::webp
