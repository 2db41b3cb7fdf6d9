// The directory of a zip archive: an entry may lie nowhere but inside the bytes given.
#include "opsis/core/error.h"
#include "opsis/io/zip_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const opsis::io::Bytes bytes(data, size);
  try {
    const auto zip = opsis::io::read_zip(bytes);
    for (const auto& entry : zip.entries) {
      if (entry.offset > size || entry.size > size - entry.offset) __builtin_trap();
      if (!entry.compressed) opsis::io::read_zip_entry(bytes, entry);
    }
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
