// The directory of a zip archive whose entries are stored as they are, as torch.save writes them. docs/formats/torch_zip.md has
// the layout.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::hub {

/// One file of the archive. What the archive has of it is [offset, offset + size) of its own bytes.
struct ZipEntry {
  std::string name;
  size_t offset = 0, size = 0;
  uint32_t crc = 0;         ///< as the archive states it; 0 also where the writer left checksums out
  bool compressed = false;  ///< then those bytes are not the file's own
};

/// What is in an archive. Entries have different names, lie inside the archive and do not overlap.
struct ZipDirectory {
  std::vector<ZipEntry> entries;  ///< in the order of their data

  /// The entry of that name, or nullptr.
  OPSIS_API const ZipEntry* find(std::string_view name) const;
};

/// Reads and checks the directory: 32 and 64 bit fields, every length against the archive, every entry against its own header.
/// Checksums are not computed: that would read all of the data.
/// Throws   DecodeError for what is not a sound archive or is encrypted
OPSIS_API ZipDirectory read_zip(io::Bytes archive);

/// The bytes of an entry, after comparing them with their checksum where there is one.
/// Throws   DecodeError when they differ, or the entry is compressed
OPSIS_API io::Bytes read_zip_entry(io::Bytes archive, const ZipEntry& entry);

}  // namespace opsis::inline v1::hub
