#include "opsis/core/error.h"
#include "opsis/datasets/npy_header.h"

// The head of a .npy: what it promises must be what is there.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto header = opsis::datasets::read_npy_header({data, size});
    if (header.data_offset > size) __builtin_trap();
    size_t elements = 1;
    for (const auto side : header.shape) elements *= static_cast<size_t>(side);
    if (elements > size - header.data_offset) __builtin_trap();
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
