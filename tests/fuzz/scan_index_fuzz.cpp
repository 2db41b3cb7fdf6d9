#include <string>

#include "opsis/core/error.h"
#include "opsis/datasets/scan_index.h"
#include "opsis/io/crc32.h"

// What is read can be written and read again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace datasets = opsis::datasets;
  namespace io = opsis::io;
  const io::Bytes bytes(data, size);
  try {
    const auto classes = datasets::parse_scan(bytes);
    datasets::parse_scan(io::as_bytes(datasets::scan_bytes(classes, INT64_MAX)));
  } catch (const opsis::DecodeError&) {
  }
  try {
    // The checksum that keeps damage out is made right.
    auto whole = std::string("opsis tree 1").append(1, '\0').append(std::to_string(io::crc32(bytes))).append(1, '\0');
    whole.append(io::as_text(bytes));
    const auto written = datasets::tree_bytes(datasets::parse_tree(io::as_bytes(whole)), INT64_MAX);
    if (datasets::tree_bytes(datasets::parse_tree(io::as_bytes(written)), INT64_MAX) != written) __builtin_trap();
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
