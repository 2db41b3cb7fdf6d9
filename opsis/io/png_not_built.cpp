#include "opsis/core/check.h"
#include "opsis/io/png.h"

namespace opsis::inline v1::io::png {

void decode(Bytes, const DecodeOptions&, const Destination&) {
  raise<NotBuiltError>("decode_png: built without libpng; configure with -DOPSIS_PNG=ON");
}

void decode_by_libpng(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  decode(bytes, options, destination);
}

std::vector<uint8_t> encode(const uint8_t*, Size, int64_t, int64_t) {
  raise<NotBuiltError>("encode_png: built without libpng; configure with -DOPSIS_PNG=ON");
}

std::vector<uint8_t> encode_quickly(const uint8_t* pixels, Size size, int64_t channels, int64_t compression_level) {
  return encode(pixels, size, channels, compression_level);
}

}  // namespace opsis::inline v1::io::png
