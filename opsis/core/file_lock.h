// Locks between processes, and between threads, that are files. For the library's own sources.
#pragma once

#include <filesystem>
#include <string>

#include "opsis/core/api.h"
#include "opsis/core/descriptor.h"

namespace opsis::inline v1 {

/// A file that one process, or thread, has at a time while it lives; it makes and removes it. Nobody but who has it may remove
/// it; one that was killed leaves it, and the next takes it up. Where others may write in the folder, they may write it too.
class OPSIS_API FileLock {
 public:
  /// Waits for the others, also when a signal comes; a progress::Job says `waiting` meanwhile, unless that is empty. Where the
  /// file system has no locks (Lustre, some of FUSE), all may go on.
  explicit FileLock(std::filesystem::path path, const std::string& waiting = "");
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  const std::filesystem::path& path() const { return path_; }
  /// Why nobody is kept out, as an errno; 0 when it is held, or there are no locks. A file of another user's that can only be
  /// read will do, but not on NFS, which locks what can be written: EBADF. One that cannot be read is EACCES.
  int error() const { return error_; }
  /// The same for people, with what can be done about it.
  std::string reason() const;

 private:
  std::filesystem::path path_;
  Descriptor descriptor_;
  int error_ = 0;
};

}  // namespace opsis::inline v1
