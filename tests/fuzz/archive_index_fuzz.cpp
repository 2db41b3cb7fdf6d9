// What is kept of archives and COCO files: what is read can be written, and is then read the same; annotations lie in their text.
#include <string>

#include "opsis/core/error.h"
#include "opsis/datasets/coco_index.h"
#include "opsis/io/archive_file.h"
#include "opsis/io/index_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace datasets = opsis::datasets;
  namespace io = opsis::io;
  static const std::string text(100, 'x');
  const io::Bytes bytes(data, size);
  try {
    const auto written = io::detail::entries_bytes(io::detail::parse_entries(bytes));
    if (io::detail::entries_bytes(io::detail::parse_entries(io::as_bytes(written))) != written) __builtin_trap();
  } catch (const opsis::DecodeError&) {
  }
  try {
    const auto index = datasets::parse_coco_index(bytes, text);
    for (const auto& image : index.images) {
      for (const auto part : image.annotations) {
        if (part.data() < text.data() || part.data() + part.size() > text.data() + text.size()) __builtin_trap();
      }
    }
    const auto written = datasets::coco_index_bytes(index, text);
    if (datasets::coco_index_bytes(datasets::parse_coco_index(io::as_bytes(written), text), text) != written) __builtin_trap();
  } catch (const opsis::DecodeError&) {
  }
  (void)io::parse_index(bytes, "coco 1", {});
  return 0;
}
