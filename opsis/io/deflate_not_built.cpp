#include "opsis/core/check.h"
#include "opsis/io/deflate.h"

namespace opsis::inline v1::io {

struct Deflater::State {};

bool Deflater::is_built() { return false; }

Deflater::Deflater(int64_t) { raise<NotBuiltError>("deflate: built without libdeflate; configure with -DOPSIS_DEFLATE=ON"); }
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater::~Deflater() = default;

Bytes Deflater::zlib(Bytes) { return {}; }

}  // namespace opsis::inline v1::io
