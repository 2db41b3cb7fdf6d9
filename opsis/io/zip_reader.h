// The directory of a zip archive: where each of its files lies. docs/formats/zip.md says what is read of the format, torch_zip.md
// what torch.save makes of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// One file of the archive. What the archive has of it is [offset, offset + size) of its own bytes.
struct ZipEntry {
  std::string name;
  size_t offset = 0, size = 0;
  uint32_t crc = 0;         ///< as the archive states it; 0 also where the writer left checksums out
  bool compressed = false;  ///< then those bytes are not the file's own
  uint16_t method = 0;      ///< 0 as it is, 8 deflate, others
  size_t content = 0;       ///< bytes of the file itself
  size_t header = 0;        ///< where its own header is
  bool is_link = false;     ///< a symbolic link, whose content is where it leads
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
OPSIS_API ZipDirectory read_zip(Bytes archive);

/// The bytes of an entry, after comparing them with their checksum where there is one.
/// Throws   DecodeError when they differ, or the entry is compressed
OPSIS_API Bytes read_zip_entry(Bytes archive, const ZipEntry& entry);

/// The entries as the directory alone tells of them, in its order: their own headers, which lie all over the archive, are not
/// read, so `offset` is still 0, names may come twice, and entries overlap. Their data ends before `end`.
struct ZipListing {
  std::vector<ZipEntry> entries;
  size_t end = 0;
};
/// Throws   DecodeError for what is not a sound directory, and for encrypted entries
OPSIS_API ZipListing list_zip(Bytes archive);

/// How long an entry's own header is, whose bytes (and some more) these are; behind it lies the data.
/// Throws   DecodeError when it ends early or tells another thing than the directory
OPSIS_API size_t zip_header_size(Bytes header, const ZipEntry& entry);

}  // namespace opsis::inline v1::io
