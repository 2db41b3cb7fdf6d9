#include "opsis/datasets/glob.h"

#include <fnmatch.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/error.h"
#include "opsis/datasets/entries.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSpecial = "*?[]\\";

// Of what is not special a pattern's beginning and end are the name's; where all between them is one star, they tell all.
class NamePattern {
 public:
  explicit NamePattern(const std::string& pattern) : pattern_(pattern) {
    const std::string_view all(pattern_);
    head_ = all.substr(0, all.find_first_of(kSpecial));
    tail_ = all.substr(all.find_last_of(kSpecial) + 1);
    one_star_ = head_.size() + 1 + tail_.size() == all.size() && all[head_.size()] == '*';
  }
  // `name` has a zero behind it.
  bool matches(std::string_view name) const {
    if (!name.starts_with(head_) || !name.ends_with(tail_)) return false;
    if (one_star_) return name.size() >= head_.size() + tail_.size() && (!head_.empty() || !name.starts_with('.'));
    return fnmatch(pattern_.c_str(), name.data(), FNM_PERIOD) == 0;
  }

 private:
  const std::string& pattern_;
  std::string_view head_, tail_;
  bool one_star_;
};

// As the paths of what is in folders sort: "a-b/1" comes before "a/1".
bool comes_before_as_folder(std::string_view a, std::string_view b) {
  const auto same = static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  const auto letter = [&](std::string_view name) { return static_cast<unsigned char>(same < name.size() ? name[same] : '/'); };
  return letter(a) < letter(b);
}

ScannedFolder read_folder(const std::string& folder, bool stamped) {
  // The times of before it is read: what changes meanwhile shows.
  ScannedFolder out{.folder = folder, .stamp = stamped ? stamp_of(folder).value_or(FolderStamp()) : FolderStamp()};
  std::vector<std::string> files, folders;
  try {
    for (auto& entry : entries_of(folder)) {
      out.has_links = out.has_links || entry.is_link;
      (entry.is_folder ? folders : files).push_back(std::move(entry.name));
    }
  } catch (const Error&) {
    out.stamp = {};  // it may be there, or be read, the next time
    out.is_hidden = true;
  }
  std::sort(files.begin(), files.end());
  std::sort(folders.begin(), folders.end());
  out.files = Names(files);
  out.folders = Names(folders);
  return out;
}

}  // namespace

std::string FoundName::path() const { return joined_path(folder, name); }

FolderGlob::FolderGlob(const fs::path& root, bool index, int64_t begun_ns)
    : root_(root.string()), index_(index), begun_ns_(begun_ns) {
  if (index_) kept_ = read_tree(root);
}

const ScannedFolder& FolderGlob::in(const std::string& folder) {
  auto below = std::string_view(folder).substr(root_.size());
  if (below.starts_with('/')) below.remove_prefix(1);
  const auto asked = asked_.find(below);
  if (asked != asked_.end()) return asked->second;
  const auto kept = kept_.find(below);
  if (kept != kept_.end() && stamp_of(folder) == kept->second.stamp) {
    kept->second.folder = folder;
    return asked_.insert(kept_.extract(kept)).position->second;
  }
  if (kept != kept_.end()) kept_.erase(kept);
  const auto& here = asked_.emplace(below, read_folder(folder, index_)).first->second;
  anew_ = anew_ || is_sure(here, begun_ns_);
  return here;
}

void FolderGlob::find(const std::string& folder, fs::path::iterator part, const fs::path::iterator& end,
                      std::vector<FoundName>& out) {
  const auto pattern = part->string();
  const bool last = ++part == end;
  const bool is_name = pattern.find_first_of("*?[") == pattern.npos;
  if (is_name && !last) return find(joined_path(folder, pattern), part, end, out);
  const auto& here = in(folder);
  std::error_code failed;
  if (is_name && here.is_hidden) {
    if (fs::exists(joined_path(folder, pattern), failed)) out.push_back({here.folder, asked_for_.emplace_back(pattern)});
    return;
  }
  std::vector<std::string_view> found;
  const NamePattern names(pattern);
  const auto add_from = [&](const Names& all) {
    for (const auto name : all) {
      if (is_name ? name == pattern : names.matches(name)) found.push_back(name);
    }
  };
  add_from(here.folders);
  if (!last) {
    std::sort(found.begin(), found.end(), comes_before_as_folder);
    for (const auto name : found) find(joined_path(folder, name), part, end, out);
    return;
  }
  const auto folders = std::ssize(found);
  add_from(here.files);
  std::inplace_merge(found.begin(), found.begin() + folders, found.end());
  for (const auto name : found) {
    // A link to nothing is there for a pattern, and not for a name; as in Python.
    if (is_name && here.has_links && !fs::exists(joined_path(folder, name), failed)) continue;
    out.push_back({here.folder, name});
  }
}

std::vector<FoundName> FolderGlob::operator()(const std::string& pattern) { return (*this)(root_, pattern); }

std::vector<FoundName> FolderGlob::operator()(const fs::path& folder, const std::string& pattern) {
  const fs::path parts(pattern);
  OPSIS_CHECK(!parts.is_absolute() && folder.string().starts_with(root_), "glob: {} is not below {}",
              parts.is_absolute() ? pattern : folder.string(), root_);
  std::vector<FoundName> out;
  if (!parts.empty()) find(folder.string(), parts.begin(), parts.end(), out);
  return out;
}

void FolderGlob::keep() {
  if (!index_ || !anew_) return;
  // Of folders that other options ask for, those that are as they were.
  std::erase_if(kept_, [&](const auto& entry) { return stamp_of(joined_path(root_, entry.first)) != entry.second.stamp; });
  kept_.insert(asked_.begin(), asked_.end());
  write_tree(root_, kept_, begun_ns_);
  anew_ = false;
}

std::vector<fs::path> sorted_glob(const fs::path& root, const std::string& pattern) {
  FolderGlob glob(root);
  std::vector<fs::path> out;
  for (const auto& found : glob(pattern)) out.emplace_back(found.path());
  return out;
}

}  // namespace opsis::inline v1::datasets
