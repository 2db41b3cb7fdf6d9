#include "opsis/core/error.h"
#include "opsis/datasets/idx_header.h"

// What is accepted has exactly the bytes that its shape needs.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto header = opsis::datasets::read_idx_header({data, size});
    uint64_t bytes = header.item_bytes;
    for (const auto side : header.shape) bytes *= static_cast<uint64_t>(side);
    if (header.shape.empty() || header.data_offset > size || size - header.data_offset != bytes) __builtin_trap();
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
