#include "opsis/core/check.h"
#include "opsis/io/gif.h"

namespace opsis::inline v1::io::gif {

void decode(Bytes, const DecodeOptions&, const Destination&) {
  raise<NotBuiltError>("decode_gif: built without giflib; configure with -DOPSIS_GIF=ON");
}

std::vector<uint8_t> encode(const uint8_t*, int64_t, Size, int64_t, int64_t, int64_t) {
  raise<NotBuiltError>("encode_gif: built without giflib; configure with -DOPSIS_GIF=ON");
}

}  // namespace opsis::inline v1::io::gif
