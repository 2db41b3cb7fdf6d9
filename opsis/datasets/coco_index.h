// Where the annotations of a COCO file stand, kept for the next time. No tensors. For the library's own sources.
// docs/formats/index_file.md has the layout.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/datasets/coco_file.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::datasets {

/// What is kept: all that CocoFile knows. The annotations are parts of the file.
struct CocoIndex {
  std::vector<CocoFile::Entry> images;
  std::map<int64_t, std::string> categories;
};

constexpr std::string_view kCocoIndexKind = "coco 1";  ///< for io::read_file_index

OPSIS_API std::string coco_index_bytes(const CocoIndex& index);
/// Throws   DecodeError for bytes that are none of a file of this size
OPSIS_API CocoIndex parse_coco_index(io::Bytes bytes, uint64_t file_size);

}  // namespace opsis::inline v1::datasets
