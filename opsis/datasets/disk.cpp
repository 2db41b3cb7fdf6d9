#include "opsis/datasets/disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "opsis/core/check.h"
#include "opsis/core/system_reason.h"

namespace opsis::inline v1::datasets {

namespace fs = std::filesystem;

FolderLock::FolderLock(const fs::path& folder, bool wanted) {
  if (!wanted) return;
  for (struct stat ours{}, there{};;) {
    make_folders(folder);
    folder_ = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_ < 0 && errno == ENOENT) continue;  // the one before us has taken it away
    if (folder_ < 0) return;
    while (flock(folder_, LOCK_EX) != 0 && errno == EINTR) {
    }
    if (fstat(folder_, &ours) != 0 || (stat(folder.c_str(), &there) == 0 && ours.st_ino == there.st_ino)) return;
    close(folder_);
  }
}

FolderLock::~FolderLock() {
  if (folder_ >= 0) close(folder_);
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

void make_folders(const fs::path& folder) {
  for (std::error_code failed, ignored;;) {
    fs::create_directories(folder, failed);
    if (!failed) return;
    // A folder that another takes away while it is looked at "exists" and is none.
    const auto there = fs::symlink_status(folder, ignored).type();
    if (failed == std::errc::file_exists && (there == fs::file_type::not_found || there == fs::file_type::directory)) continue;
    raise<IoError>("cannot make the folder {}: {}", folder.string(), system_reason(failed));
  }
}

void move_to(const fs::path& from, const fs::path& to) {
  std::error_code failed;
  fs::rename(from, to, failed);
  if (failed) raise<IoError>("cannot move {} to {}: {}", from.string(), to.string(), system_reason(failed));
}

void remove_tree(const fs::path& path) {
  std::error_code failed;
  fs::remove_all(path, failed);
  if (failed) raise<IoError>("cannot remove {}: {}", path.string(), system_reason(failed));
}

}  // namespace opsis::inline v1::datasets
