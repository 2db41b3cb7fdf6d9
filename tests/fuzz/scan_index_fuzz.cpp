#include "opsis/core/error.h"
#include "opsis/datasets/scan_index.h"

// What is read can be written and read again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace datasets = opsis::datasets;
  try {
    const auto classes = datasets::parse_scan({data, size});
    const auto bytes = datasets::scan_bytes(classes, INT64_MAX);
    datasets::parse_scan(opsis::io::as_bytes(bytes));
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
