#include "opsis/core/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "opsis/core/progress.h"

namespace opsis::inline v1 {
namespace {

namespace fs = std::filesystem;

int lock_again_after_signals(int descriptor, int how) {
  while (flock(descriptor, how) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

int open_lock_file(const fs::path& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
  return descriptor < 0 && errno == EACCES ? open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : descriptor;
}

// Enough for any crowd; where a file has another number each time one asks (some of FUSE), it is no reason to ask for ever.
constexpr int kMostTries = 1000;

}  // namespace

int lock_descriptor(int descriptor, const std::string& waiting) {
  int error = lock_again_after_signals(descriptor, LOCK_EX | LOCK_NB);
  if (error == EWOULDBLOCK) {
    std::optional<progress::Job> job;
    if (!waiting.empty()) job.emplace(waiting, 0, "").advance(0);
    error = lock_again_after_signals(descriptor, LOCK_EX);
  }
  return error == ENOSYS || error == ENOLCK || error == EOPNOTSUPP ? 0 : error;
}

bool is_name_of(const fs::path& name, int descriptor) {
  struct stat ours {
  }, there{};
  return fstat(descriptor, &ours) == 0 && lstat(name.c_str(), &there) == 0 && ours.st_ino == there.st_ino &&
         ours.st_dev == there.st_dev;
}

FileLock::FileLock(fs::path path, const std::string& waiting) : path_(std::move(path)) {
  for (int tried = 1;; ++tried) {
    descriptor_ = open_lock_file(path_);
    error_ = descriptor_ < 0 ? errno : lock_descriptor(descriptor_, waiting);
    if (error_ != 0 || is_name_of(path_, descriptor_) || tried == kMostTries) return;
    close(descriptor_);  // the one before us has taken it away
  }
}

FileLock::~FileLock() {
  if (descriptor_ < 0) return;
  // Before it is let go: who opens it later makes another.
  if (error_ == 0 && is_name_of(path_, descriptor_)) unlink(path_.c_str());
  close(descriptor_);
}

}  // namespace opsis::inline v1
