// The quick way through PNG files against libpng. Checksums are made right first, so that changes reach what lies behind them.
#include <hwy/base.h>

#include <cstdlib>
#include <vector>

#include "opsis/io/crc32.h"
#include "opsis/io/png.h"
#include "opsis/io/png_fast.h"
#include "tests/fuzz/decode.h"

namespace {

void mend_checksums(std::vector<uint8_t>& bytes) {
  const auto number = [&](size_t at) {
    return size_t{bytes[at]} << 24 | size_t{bytes[at + 1]} << 16 | size_t{bytes[at + 2]} << 8 | bytes[at + 3];
  };
  for (size_t at = 8; at + 12 <= bytes.size();) {
    const auto length = number(at);
    if (length > bytes.size() - at - 12) return;
    const auto sum = opsis::io::crc32({bytes.data() + at + 4, length + 4});
    for (size_t i = 0; i < 4; ++i) bytes[at + 8 + length + i] = static_cast<uint8_t>(sum >> (24 - 8 * i));
    at += length + 12;
  }
}

/// Whether zlib refused a table of Huffman codes, or a code that stands for nothing. libdeflate takes some that it refuses.
bool is_of_codes(const std::string& reason) {
  for (const auto* part : {"code lengths set", "literal/lengths set", "distances set", "length or distance symbols",
                           "missing end-of-block", "bit length repeat", "literal/length code", "distance code"}) {
    if (reason.find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<uint8_t> bytes(data, data + size);
  mend_checksums(bytes);
  for (const auto& options : fuzz::all_options(bytes)) {
    bool done = false;
    const auto fast =
        fuzz::decode([&](auto&&... arguments) { done = opsis::io::png::decode_fast(arguments...); }, bytes, options);
    if (!done) continue;
    const auto slow = fuzz::decode(opsis::io::png::decode_by_libpng, bytes, options);
    if (slow.refused && is_of_codes(slow.reason)) continue;
    if (slow.refused || fast.pixels != slow.pixels || fast.info.bits != slow.info.bits ||
        fast.info.orientation != slow.info.orientation)
      std::abort();
  }
  return 0;
}
