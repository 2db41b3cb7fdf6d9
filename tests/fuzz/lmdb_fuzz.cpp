#include "opsis/core/error.h"
#include "opsis/io/lmdb.h"

// Keys and values lie within the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const opsis::io::LmdbFile file({data, size});
    unsigned sum = 0;
    for (size_t i = 0; i < file.size(); ++i) {
      for (const auto part : {file.key(i), file.value(i)}) {
        if (!part.empty()) sum += part.front() + part.back();
      }
    }
    [[maybe_unused]] static volatile unsigned sink;
    sink = sum;
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
