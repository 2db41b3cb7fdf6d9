// A .zip or .tar file whose files are read where they lie, without unpacking it. No tensors.
//     const io::ArchiveFile archive("photos.zip");
//     for (const auto& entry : archive.entries()) use(entry.name, archive.read(entry));
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// What a file is by its first 512 bytes (or all of a shorter one).
enum class ArchiveFormat { Zip, Tar, Compressed, None };
OPSIS_API ArchiveFormat archive_format(Bytes beginning);

/// Its files and folders. Entries are read on any number of threads at once, and none waits for another; a copy shares
/// their list. Names are as the archive has them, "../x" and "/x" too: they are only names here, for nothing is written.
/// Zip      of one disk, not encrypted, 64 bit sizes too; files as they are or deflated. What a header says must agree with the
///          directory, and a file with its checksum, which is seen when it is read. Symbolic links are left out
/// Tar      ustar, pax, GNU's; not compressed. A link, hard or symbolic, to a file of the archive is that file under another
///          name; others are left out, as are devices and pipes
/// Throws   IoError for what cannot be read, and in read for an archive that was changed or replaced since; DecodeError, with
///          the archive's path, for a damaged one and for one that is compressed as a whole; NotBuiltError when a deflated file
///          is read in a build without libdeflate
class OPSIS_API ArchiveFile {
 public:
  struct Entry {
    std::string name;
    uint64_t offset = 0;            ///< of what the archive has of it; in a zip, of the header in front of that
    uint64_t stored = 0, size = 0;  ///< bytes in the archive, and of the file itself
    uint32_t crc = 0;               ///< of a zip
    uint16_t method = 0;            ///< of a zip: 0 as it is, 8 deflated
    bool is_folder = false;
    bool is_link = false;  ///< to a file of the archive, whose place and size these are
  };
  struct Options {
    bool index = false;  ///< keep the list of entries beside the archive (or in the user's cache) and take it from there while
                         ///< the archive is as it was: a tar must otherwise be walked from header to header
    Limits limits{};     ///< file_bytes: of one file of the archive
  };
  explicit ArchiveFile(const std::filesystem::path& path) : ArchiveFile(path, Options()) {}
  ArchiveFile(const std::filesystem::path& path, const Options& options);

  const std::filesystem::path& path() const;
  /// In their order in the archive.
  const std::vector<Entry>& entries() const;
  /// What a file of the archive holds; of a folder nothing.
  std::vector<uint8_t> read(const Entry& entry) const;

 private:
  struct Content;
  std::shared_ptr<const Content> content_;
};

namespace detail {

/// What an archive's bytes list, and the bytes of an index that lists it. For tests.
/// Throws   DecodeError
OPSIS_API std::vector<ArchiveFile::Entry> list_archive(Bytes archive);
OPSIS_API std::string entries_bytes(const std::vector<ArchiveFile::Entry>& entries);
OPSIS_API std::vector<ArchiveFile::Entry> parse_entries(Bytes bytes);

}  // namespace detail

}  // namespace opsis::inline v1::io
