// What data sets do on the disk besides reading: wait for each other, move and remove. For the library's own sources.
#pragma once

#include <filesystem>
#include <optional>

#include "opsis/core/api.h"
#include "opsis/core/file_lock.h"

namespace opsis::inline v1::datasets {

/// While it lives, no other process, nor another thread, that locks the folder goes on: it waits, says so by a progress::Job, and
/// then finds what we made. For the steps between a download and a data set that is ready. It is a file in the folder,
/// ".opsis-lock", which goes with it: the folder may be locked by whoever uses it. Makes the folder, which may be taken away when
/// the lock is gone. Where nothing can be locked, all may go on.
class OPSIS_API FolderLock {
 public:
  /// Locks nothing unless `wanted`.
  /// Throws   IoError when the folder cannot be made
  explicit FolderLock(const std::filesystem::path& folder, bool wanted = true);

 private:
  std::optional<FileLock> lock_;
};

/// Whether there is anything of that name; what cannot be looked at is not there.
OPSIS_API bool is_there(const std::filesystem::path& path);

/// As std::filesystem's functions, with errors of ours.
/// Throws   IoError with the path and the system's reason
OPSIS_API void make_folders(const std::filesystem::path& folder);
OPSIS_API void move_to(const std::filesystem::path& from, const std::filesystem::path& to);
OPSIS_API void remove_tree(const std::filesystem::path& path);

/// Makes what is not there, once for all who want it at the same time. They wait for the folder only where something is to be
/// done, and then look again, since another may have done it.
template <class IsReady, class Make>
void make_once(const std::filesystem::path& folder, const IsReady& is_ready, const Make& make) {
  if (is_ready()) return;
  const FolderLock lock(folder);
  if (!is_ready()) make();
}

}  // namespace opsis::inline v1::datasets
