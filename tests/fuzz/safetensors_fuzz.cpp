// The header of a safetensors file: its tensors cover the data, all of it and nothing else.
#include "opsis/core/error.h"
#include "opsis/hub/safetensors_header.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto header = opsis::hub::read_safetensors_header({data, size});
    if (header.data_offset > size) __builtin_trap();
    size_t covered = 0;
    for (const auto& entry : header.entries) {
      if (entry.begin > entry.end || entry.end > size - header.data_offset) __builtin_trap();
      covered += entry.end - entry.begin;
    }
    if (covered != size - header.data_offset) __builtin_trap();
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
