// What is kept of archives, COCO files and lists: what is read can be written, and is then read the same; annotations lie in
// their file.
#include <string>

#include "opsis/core/error.h"
#include "opsis/datasets/coco_index.h"
#include "opsis/datasets/list_index.h"
#include "opsis/io/archive_file.h"
#include "opsis/io/index_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace datasets = opsis::datasets;
  namespace io = opsis::io;
  constexpr uint64_t file_size = 100;
  const io::Bytes bytes(data, size);
  try {
    const auto written = io::detail::entries_bytes(io::detail::parse_entries(bytes));
    if (io::detail::entries_bytes(io::detail::parse_entries(io::as_bytes(written))) != written) __builtin_trap();
  } catch (const opsis::DecodeError&) {
  }
  try {
    const auto index = datasets::parse_coco_index(bytes, file_size);
    for (const auto& image : index.images) {
      for (const auto& part : image.annotations) {
        if (part.begin > file_size || part.size > file_size - part.begin) __builtin_trap();
      }
    }
    const auto written = datasets::coco_index_bytes(index);
    if (datasets::coco_index_bytes(datasets::parse_coco_index(io::as_bytes(written), file_size)) != written) __builtin_trap();
  } catch (const opsis::DecodeError&) {
  }
  try {
    const auto list = datasets::parse_list_index(bytes, "");
    if (datasets::parse_list_index(io::as_bytes(datasets::list_index_bytes(list, "")), "") != list) __builtin_trap();
  } catch (const opsis::DecodeError&) {
  }
  (void)io::parse_index(bytes, "coco 1", {});
  return 0;
}
