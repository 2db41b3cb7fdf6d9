#include "opsis/datasets/file_root.h"
#include "opsis/datasets/entries.h"

#include <algorithm>
#include <array>
#include <deque>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/datasets/text_file.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

struct ArchivedFolder {
  std::vector<std::string> folders, files;
};

// The nearest thing above a path, or it itself, that is there, if it is an archive.
std::optional<fs::path> archive_above(const fs::path& path) {
  for (auto above = path.has_filename() ? path : path.parent_path();; above = above.parent_path()) {
    std::error_code failed;
    const auto found = fs::status(above, failed);
    if (fs::exists(found)) {
      if (!fs::is_regular_file(found)) return std::nullopt;
      std::array<uint8_t, 512> beginning{};
      std::ifstream file(above, std::ios::binary);
      file.read(reinterpret_cast<char*>(beginning.data()), beginning.size());
      const io::Bytes bytes(beginning.data(), static_cast<size_t>(file.gcount()));
      return io::archive_format(bytes) == io::ArchiveFormat::None ? std::nullopt : std::optional(above);
    }
    if (!above.has_parent_path() || above.parent_path() == above) return std::nullopt;
  }
}

// "./a//b/" as "a/b", the archive's own folder as ""; nothing for a name that leads elsewhere.
std::optional<std::string> plain_name(std::string_view name) {
  if (name.starts_with('/')) return std::nullopt;
  auto out = fs::path(name).lexically_normal().string();
  while (out.ends_with('/')) out.pop_back();
  if (out == "." || out.empty()) return "";
  if (out == ".." || out.starts_with("../")) return std::nullopt;
  return out;
}

// Each folder above a file is kept by its whole name, so deep ones cost far more memory than their names do in the archive.
constexpr std::ptrdiff_t kDeepest = 64;
constexpr size_t kLongestName = 4096;  // as Linux has it of paths

}  // namespace

struct FileRoot::Content {
  Content(const fs::path& path, bool index)
      : archive(path, {.index = index, .limits = {.file_bytes = Limits().image_bytes}}), prefix(path.string() + "/") {
    folders[""];
    const auto& entries = archive.entries();
    for (size_t i = 0; i < entries.size(); ++i) {
      const auto& entry = entries[i];
      std::string_view name = entry.name;
      if (!is_plain(name)) {
        // A way through ".." is not followed even where it comes back: who unpacks may refuse it.
        const auto plain = has_way_up(name) ? std::nullopt : plain_name(name);
        if (!plain) continue;
        name = changed.emplace_back(*plain);
      }
      if (const auto depth = std::count(name.begin(), name.end(), '/'); depth > kDeepest) {
        raise<DecodeError>("{}: an entry, {}..., is {} folders deep, at most {} are read", path.string(), name.substr(0, 40),
                           depth, kDeepest);
      }
      if (name.size() > kLongestName) {
        raise<DecodeError>("{}: the name of an entry, {}..., has {} bytes, at most {} are read", path.string(),
                           name.substr(0, 40), name.size(), kLongestName);
      }
      if (entry.is_folder) {
        add_folder(name);
      } else {
        files.emplace_back(name, i);
      }
    }
    std::stable_sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    // Of equal names the last stays.
    const auto kept =
        std::unique(files.rbegin(), files.rend(), [](const auto& a, const auto& b) { return a.first == b.first; });
    files.erase(files.begin(), kept.base());
    for (const auto& [name, entry] : files) {
      const auto slash = name.rfind('/');
      const auto folder = slash == name.npos ? std::string_view() : name.substr(0, slash);
      add_folder(folder).files.emplace_back(slash == name.npos ? name : name.substr(slash + 1));
    }
    for (auto& [name, folder] : folders) std::sort(folder.folders.begin(), folder.folders.end());
  }

  static bool has_way_up(std::string_view name) {
    return name == ".." || name.starts_with("../") || name.ends_with("/..") || name.find("/../") != name.npos;
  }

  ArchivedFolder& add_folder(std::string_view name) {
    if (const auto known = folders.find(name); known != folders.end()) return known->second;
    auto& out = folders[std::string(name)];
    // Those above it may have no entry of their own. Each is new once, so this is no more work than there are names.
    while (true) {
      const auto slash = name.rfind('/');
      const auto above = slash == name.npos ? std::string_view() : name.substr(0, slash);
      const auto [found, is_new] = folders.try_emplace(std::string(above));
      found->second.folders.emplace_back(slash == name.npos ? name : name.substr(slash + 1));
      if (!is_new) return out;
      name = above;
    }
  }

  // What a path is called in the archive; nothing when it leads elsewhere.
  std::optional<std::string> inside(const fs::path& path) const {
    const auto whole = path.string();
    if (whole + "/" == prefix) return "";
    if (!whole.starts_with(prefix)) return std::nullopt;
    return plain_name(std::string_view(whole).substr(prefix.size()));
  }

  // The number of the entry of a file.
  std::optional<size_t> find_file(const fs::path& path) const {
    const auto name = inside(path);
    if (!name) return std::nullopt;
    const auto found = std::lower_bound(files.begin(), files.end(), *name,
                                        [](const auto& file, const auto& wanted) { return file.first < wanted; });
    return found != files.end() && found->first == *name ? std::optional(found->second) : std::nullopt;
  }

  const ArchivedFolder* find_folder(const fs::path& path) const {
    const auto name = inside(path);
    const auto found = name ? folders.find(*name) : folders.end();
    return found != folders.end() ? &found->second : nullptr;
  }

  // Throws NotFoundError when it is not there.
  const ArchivedFolder& folder(const fs::path& path) const {
    const auto* const found = find_folder(path);
    if (!found) raise<NotFoundError>("{} is not there: the archive has no such folder", path.string());
    return *found;
  }

  io::ArchiveFile archive;
  std::string prefix;                                          // of paths that lead into it
  std::deque<std::string> changed;                             // names that were not plain
  std::vector<std::pair<std::string_view, size_t>> files;      // by name, and the number of the entry
  std::map<std::string, ArchivedFolder, std::less<>> folders;  // by name; "" is the archive
};

FileRoot::FileRoot(const fs::path& root, bool index) {
  if (const auto path = archive_above(root)) content_ = std::make_shared<const Content>(*path, index);
}

const io::ArchiveFile* FileRoot::archive() const { return content_ ? &content_->archive : nullptr; }

std::vector<uint8_t> FileRoot::read(const fs::path& path) const {
  if (!content_) return io::read_bytes(path);
  const auto entry = content_->find_file(path);
  if (!entry && !content_->inside(path)) {
    raise<IoError>("cannot open {}: it is not in the archive {}", path.string(), archive()->path().string());
  }
  if (!entry) raise<IoError>("cannot open {}: the archive has no such file", path.string());
  return content_->archive.read(content_->archive.entries()[*entry]);
}

bool FileRoot::is_folder(const fs::path& path) const {
  std::error_code ignored;
  return content_ ? content_->find_folder(path) != nullptr : fs::is_directory(path, ignored);
}

bool FileRoot::is_file(const fs::path& path) const {
  std::error_code ignored;
  return content_ ? content_->find_file(path).has_value() : fs::is_regular_file(path, ignored);
}

std::vector<std::string> FileRoot::files_in(const fs::path& folder) const {
  return content_ ? content_->folder(folder).files : sorted_names(folder, Listing::Files);
}

std::vector<std::string> FileRoot::folders_in(const fs::path& folder) const { return content_->folder(folder).folders; }

std::vector<ScannedFolder> FileRoot::walk(const fs::path& folder) const {
  std::vector<ScannedFolder> out;
  const auto name = content_->inside(folder);
  if (!name) return out;
  const auto below = name->empty() ? "" : *name + "/";
  // Names with this beginning follow each other, but for those between "a" and "a/", as "a-b".
  for (auto at = content_->folders.lower_bound(*name); at != content_->folders.end() && at->first.starts_with(*name); ++at) {
    if (at->first != *name && !at->first.starts_with(below)) continue;
    out.push_back({.folder = content_->prefix + at->first, .files = Names(at->second.files)});
  }
  return out;
}

}  // namespace opsis::inline v1::datasets
