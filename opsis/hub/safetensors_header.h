// The head of a safetensors file: what is in it and where. docs/formats/safetensors.md has the layout.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::hub {

/// One tensor of the file.
struct SafetensorsEntry {
  std::string name;
  std::string dtype;  ///< as the file spells it: "F32", "I64", "BOOL", ...
  std::vector<int64_t> shape;
  size_t begin = 0, end = 0;  ///< bytes, counted from the end of the header
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;        ///< in the order of the header
  std::map<std::string, std::string> metadata;  ///< the file's "__metadata__"
  size_t data_offset = 0;                       ///< where the data begins, in bytes from the start of the file
};

/// Bytes an element of a dtype, 0 for one that is not known.
OPSIS_API size_t safetensors_item_size(std::string_view dtype);

/// Reads and checks the header: its length, every shape against its bytes, no overlap, no hole, nothing behind.
/// Throws   DecodeError that says what is wrong
OPSIS_API SafetensorsHeader read_safetensors_header(io::Bytes file, const Limits& limits = {});

/// The bytes of a header for these entries, with its length in front and padded to 8 bytes.
/// Throws   ValueError for a name or metadata that is not UTF-8
OPSIS_API std::string write_safetensors_header(const std::vector<SafetensorsEntry>& entries,
                                               const std::map<std::string, std::string>& metadata);

}  // namespace opsis::inline v1::hub
