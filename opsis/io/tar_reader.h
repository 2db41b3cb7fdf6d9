// The entries of a tar archive: POSIX's (ustar and pax), GNU's and the oldest. docs/formats/tar.md has the layout.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// One thing in the archive. What a file holds is [offset, offset + size) of the archive's bytes.
struct TarEntry {
  enum class Kind { File, Folder, HardLink, SymbolicLink, Other };
  std::string name;    ///< as the archive has it, but for slashes at its end
  std::string link{};  ///< where a link leads
  Kind kind = Kind::File;
  size_t header = 0;  ///< where its header begins
  size_t offset = 0, size = 0;
};

/// Whether a header stands at the beginning: of an archive the first 512 bytes are enough.
OPSIS_API bool is_tar(Bytes bytes);

/// All entries, in their order.
/// Throws   DecodeError, with the entry and its offset, for headers that are damaged, entries that reach beyond the archive, and
///          sparse files
OPSIS_API std::vector<TarEntry> read_tar(Bytes archive);

}  // namespace opsis::inline v1::io
