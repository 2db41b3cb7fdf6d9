// What data sets do on the disk besides reading: wait for each other, move and remove. For the library's own sources.
#pragma once

#include <filesystem>

#include "opsis/core/api.h"

namespace opsis::inline v1::datasets {

/// While it lives, no other process, nor another thread, that locks the folder goes on: it waits, and then finds what we made.
/// For the steps between a download and a data set that is ready. Makes the folder, which whoever has it may remove. Where
/// folders cannot be locked, all may go on.
class OPSIS_API FolderLock {
 public:
  /// Locks nothing unless `wanted`.
  /// Throws   IoError when the folder cannot be made
  explicit FolderLock(const std::filesystem::path& folder, bool wanted = true);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int folder_ = -1;
};

/// Whether there is anything of that name; what cannot be looked at is not there.
OPSIS_API bool is_there(const std::filesystem::path& path);

/// As std::filesystem's functions, with errors of ours.
/// Throws   IoError with the path and the system's reason
OPSIS_API void make_folders(const std::filesystem::path& folder);
OPSIS_API void move_to(const std::filesystem::path& from, const std::filesystem::path& to);
OPSIS_API void remove_tree(const std::filesystem::path& path);

}  // namespace opsis::inline v1::datasets
