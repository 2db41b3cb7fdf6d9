// The quick way through JPEG files against libjpeg.
#include <hwy/base.h>

#include <cstdlib>

#include "opsis/io/jpeg.h"
#include "opsis/io/jpeg_fast.h"
#include "tests/fuzz/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const opsis::io::Bytes bytes(data, size);
  for (const auto& options : fuzz::all_options(bytes)) {
    bool done = false, done_by_skipping = false;
    const auto fast =
        fuzz::decode([&](auto&&... arguments) { done = opsis::io::jpeg::decode_fast(arguments...); }, bytes, options);
    const auto skipping =
        fuzz::decode([&](auto&&... arguments) { done_by_skipping = opsis::io::jpeg::decode_fast_by_skipping(arguments...); },
                     bytes, options);
    if (done != done_by_skipping || fast.refused != skipping.refused || (done && fast.pixels != skipping.pixels)) std::abort();
    if (!done && fast.pixels.empty()) continue;
    const auto slow = fuzz::decode(opsis::io::jpeg::decode_by_libjpeg, bytes, options);
    // What is given up is written again, to the same memory.
    if (!slow.pixels.empty() && fast.pixels.size() != slow.pixels.size()) std::abort();
    if (!done) continue;
    if (slow.refused || fast.pixels != slow.pixels || fast.info.scale != slow.info.scale ||
        fast.info.orientation != slow.info.orientation)
      std::abort();
  }
  return 0;
}
