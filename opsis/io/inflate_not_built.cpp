#include "opsis/core/check.h"
#include "opsis/io/inflate.h"

namespace opsis::inline v1::io {

std::vector<uint8_t> inflate_raw(Bytes, size_t) {
  raise<NotBuiltError>("inflate: built without libdeflate; configure with -DOPSIS_DEFLATE=ON");
}

std::vector<uint8_t> inflate_gzip(Bytes, uint64_t, std::string_view) {
  raise<NotBuiltError>("inflate: built without libdeflate; configure with -DOPSIS_DEFLATE=ON");
}

}  // namespace opsis::inline v1::io
