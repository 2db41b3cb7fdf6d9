// Where a data set's files are: in a folder, or in a .zip or .tar file. No tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/datasets/scan_index.h"
#include "opsis/io/archive_file.h"

namespace opsis::inline v1::datasets {

/// A folder; or an archive, or a folder in one, whose files are read in place: photos.zip, photos.tar, coco.zip/val2017. Paths
/// go on into an archive as if it were a folder, so "photos.zip/cat/1.jpg" is what "cat/1.jpg" is in it, and a data set lists
/// and gives what it would of the unpacked folder.
///     const FileRoot root("photos.zip");
///     root.read("photos.zip/cat/1.jpg");
/// In an archive "./a" and "a" are the same, and of equal names the last counts, as when it is unpacked; what has ".." in its
/// name or begins with "/" is in no folder. Names may have 4096 bytes and 64 folders. io::ArchiveFile says what it reads. A copy
/// shares the archive, and is read on many threads.
class OPSIS_API FileRoot {
 public:
  /// All files lie in folders.
  FileRoot() = default;
  /// What is no archive is a folder, whether it is there or not. `index` keeps the list of a tar's entries, as ArchiveFile
  /// says.
  /// Throws   as io::ArchiveFile, for an archive that is damaged or, as .tar.gz, compressed as a whole
  explicit FileRoot(const std::filesystem::path& root, bool index = false);

  /// The archive, or nullptr.
  const io::ArchiveFile* archive() const;
  /// The whole of a file. Of an archive nothing but what is in it: here and below, a path that leads elsewhere is not there.
  /// Throws   IoError, with the path, when it is not there or cannot be read; DecodeError for a damaged part of an archive
  std::vector<uint8_t> read(const std::filesystem::path& path) const;

  /// Whether it is there, in the archive or on the disk.
  bool is_folder(const std::filesystem::path& path) const;
  bool is_file(const std::filesystem::path& path) const;
  /// The names of the files in a folder, sorted. Throws NotFoundError when it is not there.
  std::vector<std::string> files_in(const std::filesystem::path& folder) const;

  /// Of an archive: the names of the folders in a folder, sorted. Throws NotFoundError when it is not there.
  std::vector<std::string> folders_in(const std::filesystem::path& folder) const;
  /// Of an archive: that folder and all below it, sorted as Python sorts os.walk; none when it is not there.
  std::vector<ScannedFolder> walk(const std::filesystem::path& folder) const;

 private:
  struct Content;
  std::shared_ptr<const Content> content_;
};

}  // namespace opsis::inline v1::datasets
