#include "opsis/datasets/entries.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

#include "opsis/core/check.h"
#include "opsis/core/frees.h"

namespace opsis::inline v1::datasets {

namespace fs = std::filesystem;

// By readdir, for std::filesystem's iterator takes half of the time to make a path of each name.
std::vector<FolderEntry> entries_of(const std::string& folder) {
  const std::unique_ptr<DIR, Frees<closedir>> open(opendir(folder.empty() ? "." : folder.c_str()));
  if (!open && errno == ENOENT) raise<NotFoundError>("{} is not there", folder);
  std::vector<FolderEntry> out;
  int failed = open ? 0 : errno;
  while (failed == 0) {
    errno = 0;
    const auto* entry = readdir(open.get());
    if (!entry) {
      failed = errno;
      break;
    }
    const std::string_view name(entry->d_name);
    if (name == "." || name == "..") continue;
    auto& own = out.emplace_back(FolderEntry{std::string(name), entry->d_type == DT_DIR, entry->d_type == DT_LNK});
    if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN) continue;
    std::error_code ignored;  // what cannot be looked at (a link to nothing) is no folder
    const auto path = fs::path(folder) / own.name;
    own.is_link = own.is_link || fs::is_symlink(path, ignored);
    own.is_folder = fs::is_directory(path, ignored);
  }
  if (failed != 0) raise<IoError>("cannot read the folder {}: {}", folder, std::strerror(failed));
  return out;
}

std::string joined_path(std::string_view folder, std::string_view name) {
  std::string out;
  if (!name.starts_with('/')) {
    out.reserve(folder.size() + 1 + name.size());
    out.append(folder);
    if (!out.empty() && out.back() != '/') out.push_back('/');
  }
  return out.append(name);
}

bool is_plain(std::string_view name) {
  for (size_t begin = 0; begin <= name.size();) {
    const auto end = std::min(name.find('/', begin), name.size());
    const auto part = name.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace opsis::inline v1::datasets
