#include "opsis/core/error.h"
#include "opsis/io/hdf5.h"

// What can be opened can be read, or is refused.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const opsis::io::Hdf5Array array({data, size}, "x", {.image_bytes = 1 << 22});
    const auto rows = array.shape()[0];
    for (int64_t i = 0; i < rows && i < 4; ++i) array.integers(i, 1);
    if (rows > 0) array.rows(rows - 1, 1);
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
