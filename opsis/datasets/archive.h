// Archives and compressed files, unpacked as if whoever made them were an enemy. By libarchive.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::datasets {

/// What an archive may ask for.
struct ArchiveLimits {
  int64_t bytes = int64_t{1} << 41;  ///< of all that comes out
  int64_t ratio = 200;               ///< how many times the archive's own size that may be, ...
  int64_t small = int64_t{1} << 26;  ///< ... unless it is at most this many bytes
  int64_t entries = 20'000'000;      ///< files, folders and links; a zip with more is refused before any is read
};

struct ExtractOptions {
  bool remove_finished = false;  ///< remove the archive when all went well
  ArchiveLimits limits{};
};

/// Unpacks .tar and .zip, compressed or not (.tar.gz, .tgz, .tar.bz2, .tbz, .tbz2, .tar.xz), and .rar of a single volume into
/// the folder `to`; or a single .gz, .bz2 or .xz into a file there, without that ending. An empty `to` is the folder of the
/// archive. All is unpacked beside its place and moved there by renaming, so that a name that is there is whole, whenever the
/// process ends; files of the same names are replaced.
/// Refused  are names with "..", absolute names, links that lead out of the archive, devices and pipes, more than 100 folders
///          within each other, a single file that is not compressed, and what goes over a limit; nothing of such an archive is
///          kept
/// Damage   is noticed by lengths and checksums, but for those of .rar, which libarchive passes over, and the last one of
///          .tar.bz2 and .tar.xz, which it may not come to; a plain .tar has none of what is in it. So where bytes matter give
///          the file's hash to who downloads it
/// Throws   DecodeError that names the archive and the entry, also for damaged ones; ValueError for another ending; IoError for
///          what cannot be read or written; NotBuiltError in a build without libarchive
/// Differs  reads .rar too, as libarchive does: versions 4 and 5, without a password; gives no path. torchvision's
///          download_and_extract_archive is download_url and then this
/// Source   torchvision.datasets.utils.extract_archive
OPSIS_API void extract_archive(const std::filesystem::path& from, const std::filesystem::path& to = {},
                               const ExtractOptions& options = {});

/// The content of a .gz, .bz2 or .xz, or of a file that is not compressed.
/// Throws   as extract_archive
OPSIS_API std::vector<uint8_t> read_compressed(const std::filesystem::path& file, const ArchiveLimits& limits = {});

}  // namespace opsis::inline v1::datasets
