// The header of a NIfTI file, compressed or not: its voxels lie within it.
#include "opsis/core/error.h"
#include "opsis/io/inflate.h"
#include "opsis/io/nifti_header.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace io = opsis::io;
  io::Bytes bytes(data, size);
  try {
    const auto inflated = io::is_gzip(bytes) ? io::inflate_gzip(bytes, 1 << 24, "16 MiB") : std::vector<uint8_t>();
    if (io::is_gzip(bytes)) bytes = inflated;
    const auto header = io::read_nifti_header(bytes);
    if (header.offset > bytes.size() || header.size > bytes.size() - header.offset) __builtin_trap();
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
