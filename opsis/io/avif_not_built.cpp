#include "opsis/core/check.h"
#include "opsis/io/avif.h"

namespace opsis::inline v1::io::avif {

void decode(Bytes, const DecodeOptions&, const Destination&) {
  raise<NotBuiltError>("decode_avif: built without libavif; configure with -DOPSIS_AVIF=ON");
}

std::vector<uint8_t> encode(const void*, Size, int64_t, int, const Encoding&) {
  raise<NotBuiltError>("encode_avif: built without libavif; configure with -DOPSIS_AVIF=ON");
}

}  // namespace opsis::inline v1::io::avif
