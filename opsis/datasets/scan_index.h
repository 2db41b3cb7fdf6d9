// The names in folders, kept for the next time. No tensors. For the library's own sources.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::datasets {

/// When what is in a folder, and the folder itself, changed, and its number: together they tell a folder that is as it was.
struct FolderStamp {
  int64_t modified_ns = 0, changed_ns = 0;
  uint64_t number = 0;
  friend bool operator==(const FolderStamp&, const FolderStamp&) = default;
};

/// Nothing for what is no folder, or a link to one.
OPSIS_API std::optional<FolderStamp> stamp_of(const std::string& folder);

/// Names in one piece of memory: of a million files, what takes the time is to give each a piece of its own.
class Names {
 public:
  class Iterator {
   public:
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(const char* at = nullptr) : at_(at) {}
    std::string_view operator*() const { return at_; }
    Iterator& operator++() {
      at_ += std::string_view(at_).size() + 1;
      return *this;
    }
    Iterator operator++(int) {
      const auto before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const char* at_;
  };

  Names() = default;
  Names(std::initializer_list<std::string_view> names) {
    for (const auto name : names) add(name);
  }
  explicit Names(const std::vector<std::string>& names) {
    for (const auto& name : names) add(name);
  }
  /// `joined` has `count` names, each with a zero behind it.
  Names(std::string_view joined, size_t count) : joined_(joined), count_(count) {}

  void add(std::string_view name) {
    joined_.append(name).push_back('\0');
    ++count_;
  }
  size_t size() const { return count_; }
  Iterator begin() const { return Iterator(joined_.data()); }
  Iterator end() const { return Iterator(joined_.data() + joined_.size()); }
  std::string_view joined() const { return joined_; }

 private:
  std::string joined_;
  size_t count_ = 0;
};

/// A folder of a walk and the files in it, sorted; of a tree the folders in it too.
struct ScannedFolder {
  std::string folder{};
  Names files{}, folders{};
  FolderStamp stamp{};
  bool has_links = false;
  bool is_hidden = false;  ///< it cannot be listed; what is in it may be there all the same
};

/// The folders of each class, sorted.
using ScannedClasses = std::map<std::string, std::vector<ScannedFolder>>;

/// Folders by their path below a root, which itself is "". Those that a glob went through, so not all that are there.
using ScannedTree = std::map<std::string, ScannedFolder, std::less<>>;

/// Whether a folder's times will tell when it changes: it was found without links, and did not change less than two seconds
/// before `begun_ns`.
OPSIS_API bool is_sure(const ScannedFolder& folder, int64_t begun_ns);

/// What an index says, and its bytes. Classes with folders that are not sure are left out: what happened to them later might not
/// show in their times.
/// Throws   DecodeError for bytes that are none
OPSIS_API ScannedClasses parse_scan(io::Bytes bytes);
OPSIS_API std::string scan_bytes(const ScannedClasses& classes, int64_t begun_ns);

/// The classes of the index of a folder whose folders are all as they were; none when there is no sound index.
OPSIS_API ScannedClasses read_scan(const std::filesystem::path& root);
/// Writes one, beside the folder or into the user's cache; where neither can be done, there is none.
OPSIS_API void write_scan(const std::filesystem::path& root, const ScannedClasses& classes, int64_t begun_ns);

/// The same of a tree, and folder by folder; but whether the folders are as they were is to be asked by who needs them. Their
/// `folder` is empty.
OPSIS_API ScannedTree parse_tree(io::Bytes bytes);
OPSIS_API std::string tree_bytes(const ScannedTree& tree, int64_t begun_ns);
OPSIS_API ScannedTree read_tree(const std::filesystem::path& root);
OPSIS_API void write_tree(const std::filesystem::path& root, const ScannedTree& tree, int64_t begun_ns);

}  // namespace opsis::inline v1::datasets
