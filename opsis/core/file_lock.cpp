#include "opsis/core/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "opsis/core/progress.h"
#include "opsis/core/system_reason.h"

namespace opsis::inline v1 {
namespace {

namespace fs = std::filesystem;

// The user's mask, which is right for a file with something in it, would keep the others from one that was left.
void share_with_who_may_write(const fs::path& path, int descriptor) {
  const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  struct stat found {};
  if (stat(folder.c_str(), &found) == 0 && (found.st_mode & (S_IWGRP | S_IWOTH)) != 0) fchmod(descriptor, 0666);
}

// Makes it, or opens what is there: an errno, or 0. EEXIST when it was there and is not.
int open_lock_file(const fs::path& path, Descriptor& out) {
  constexpr int kFlags = O_NOFOLLOW | O_CLOEXEC;
  out = Descriptor();  // what an earlier try has opened
  out = Descriptor(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | kFlags, 0666));
  if (out.get() >= 0) {
    share_with_who_may_write(path, out.get());
    return 0;
  }
  const int why_not_made = errno;
  if (why_not_made != EEXIST && why_not_made != EACCES) return why_not_made;
  // Without O_CREAT, which Linux refuses for another user's file in a folder like /tmp, though all may write that file.
  for (const int how : {O_RDWR, O_RDONLY}) {
    out = Descriptor(open(path.c_str(), how | kFlags));
    if (out.get() >= 0) return 0;
    if (errno != EACCES) break;
  }
  return errno == ENOENT ? why_not_made : errno;
}

int lock_again_after_signals(int descriptor, int how) {
  while (flock(descriptor, how) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

int lock_descriptor(int descriptor, const std::string& waiting) {
  int error = lock_again_after_signals(descriptor, LOCK_EX | LOCK_NB);
  if (error == EWOULDBLOCK) {
    std::optional<progress::Job> job;
    if (!waiting.empty()) job.emplace(waiting, 0, "").advance(0);
    error = lock_again_after_signals(descriptor, LOCK_EX);
  }
  return error == ENOSYS || error == ENOLCK || error == EOPNOTSUPP ? 0 : error;
}

// Whether the name is still that of what was opened: who waited for a lock may have it of a file that is gone.
bool is_name_of(const fs::path& name, int descriptor) {
  struct stat ours {
  }, there{};
  return fstat(descriptor, &ours) == 0 && lstat(name.c_str(), &there) == 0 && ours.st_ino == there.st_ino &&
         ours.st_dev == there.st_dev;
}

// Enough for any crowd; where a file has another number each time one asks (some of FUSE), it is no reason to ask for ever.
constexpr int kMostTries = 1000;

}  // namespace

FileLock::FileLock(fs::path path, const std::string& waiting) : path_(std::move(path)) {
  for (int tried = 1;; ++tried) {
    error_ = open_lock_file(path_, descriptor_);
    if (error_ == 0) error_ = lock_descriptor(descriptor_.get(), waiting);
    // Who had it before us takes it away.
    const bool is_gone = error_ == 0 ? !is_name_of(path_, descriptor_.get()) : error_ == EEXIST;
    if (!is_gone || tried == kMostTries) return;
  }
}

std::string FileLock::reason() const {
  struct stat found {};
  const bool is_anothers =
      (error_ == EACCES || error_ == EBADF) && lstat(path_.c_str(), &found) == 0 && found.st_uid != geteuid();
  if (!is_anothers) return writing_reason(error_);
  return system_reason(error_) + "; it is another user's: remove it if nobody is at work there";
}

FileLock::~FileLock() {
  // Before it is let go: who opens it later makes another.
  if (descriptor_.get() >= 0 && error_ == 0 && is_name_of(path_, descriptor_.get())) unlink(path_.c_str());
}

}  // namespace opsis::inline v1
