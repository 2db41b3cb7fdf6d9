// Locks between processes, and between threads, that are files. For the library's own sources.
#pragma once

#include <filesystem>
#include <string>

#include "opsis/core/api.h"

namespace opsis::inline v1 {

/// flock() for one at a time, which goes on waiting when a signal comes. Where the file system has no locks (Lustre, some of
/// FUSE), all may go on. While it waits, a progress::Job says `waiting`, unless that is empty.
/// Returns an errno, or 0
OPSIS_API int lock_descriptor(int descriptor, const std::string& waiting = "");

/// Whether the name is still that of what was opened: who waited for a lock may have it of a file that is gone.
OPSIS_API bool is_name_of(const std::filesystem::path& name, int descriptor);

/// A file that one process, or thread, has at a time while it lives; it makes and removes it. Nobody but who has it may remove
/// it; one that was killed leaves it, and the next takes it up.
class OPSIS_API FileLock {
 public:
  /// Waits for the others, as lock_descriptor() does. A file of another user's will do, though it cannot be written.
  explicit FileLock(std::filesystem::path path, const std::string& waiting = "");
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  /// Why nobody is kept out, as an errno; 0 when it is held, or there are no locks.
  int error() const { return error_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  int error_ = 0;
};

}  // namespace opsis::inline v1
