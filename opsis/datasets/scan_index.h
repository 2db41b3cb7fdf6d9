// The names in folders, kept for the next time. No tensors. For the library's own sources.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
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

/// A folder of a walk and the files in it, sorted.
struct ScannedFolder {
  std::string folder;
  std::vector<std::string> files{};
  FolderStamp stamp{};
  bool has_links = false;
};

/// The folders of each class, sorted.
using ScannedClasses = std::map<std::string, std::vector<ScannedFolder>>;

/// What an index says, and its bytes. Classes that were found with links, or that changed less than two seconds before
/// `begun_ns`, are left out: what happened to them later might not show in their times.
/// Throws   DecodeError for bytes that are none
OPSIS_API ScannedClasses parse_scan(io::Bytes bytes);
OPSIS_API std::string scan_bytes(const ScannedClasses& classes, int64_t begun_ns);

/// The classes of the index of a folder whose folders are all as they were; none when there is no sound index.
OPSIS_API ScannedClasses read_scan(const std::filesystem::path& root);
/// Writes one, beside the folder or into the user's cache; where neither can be done, there is none.
OPSIS_API void write_scan(const std::filesystem::path& root, const ScannedClasses& classes, int64_t begun_ns);

}  // namespace opsis::inline v1::datasets
