#include "opsis/core/check.h"
#include "opsis/io/heic.h"

namespace opsis::inline v1::io::heic {

void decode(Bytes, const DecodeOptions&, const Destination&) {
  raise<NotBuiltError>("decode_heic: built without libheif; configure with -DOPSIS_HEIC=ON");
}

}  // namespace opsis::inline v1::io::heic
