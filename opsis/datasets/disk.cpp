#include "opsis/datasets/disk.h"

#include <cerrno>
#include <system_error>

#include "opsis/core/check.h"
#include "opsis/core/system_reason.h"

namespace opsis::inline v1::datasets {

namespace fs = std::filesystem;

namespace {

// So often a folder is made anew that another takes away; where no file can be made, none is there after a thousand times either.
constexpr int kMostTries = 1000;

}  // namespace

FolderLock::FolderLock(const fs::path& folder, bool wanted) {
  if (!wanted) return;
  for (int tried = 0; tried < kMostTries; ++tried) {
    make_folders(folder);
    lock_.emplace(folder / ".opsis-lock", text("waiting for another process in {}", folder.string()));
    if (lock_->error() != ENOENT) return;
  }
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

void make_folders(const fs::path& folder) {
  if (folder.empty()) return;  // the current one
  std::error_code failed;
  for (int tried = 0; tried < kMostTries; ++tried) {
    fs::create_directories(folder, failed);
    if (!failed) return;
    // A folder that another takes away while it is looked at "exists" and is none; below a link to nowhere, that stays so.
    std::error_code ignored;
    const auto there = fs::symlink_status(folder, ignored).type();
    const bool may_pass = there == fs::file_type::not_found || there == fs::file_type::directory;
    if (failed != std::errc::file_exists || !may_pass) break;
  }
  raise<IoError>("cannot make the folder {}: {}", folder.string(), system_reason(failed));
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
