// Entries of a tar archive lie within it; also where the sums of headers are right, which chance would not find.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "opsis/core/error.h"
#include "opsis/io/tar_reader.h"

namespace {

void walk(opsis::io::Bytes bytes) {
  try {
    for (const auto& entry : opsis::io::read_tar(bytes)) {
      if (entry.offset > bytes.size() || entry.size > bytes.size() - entry.offset || entry.name.empty()) __builtin_trap();
    }
  } catch (const opsis::DecodeError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  walk({data, size});
  std::vector<uint8_t> mended(data, data + size);
  for (size_t head = 0; head + 512 <= size; head += 512) {
    unsigned sum = 8 * ' ';
    for (size_t i = 0; i < 512; ++i) sum += i < 148 || i >= 156 ? mended[head + i] : 0u;
    char octal[8];
    std::snprintf(octal, sizeof octal, "%06o", sum);
    std::copy(octal, octal + 8, mended.begin() + static_cast<ptrdiff_t>(head) + 148);
  }
  walk(mended);
  return 0;
}
