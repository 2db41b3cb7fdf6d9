// What is in a folder. No tensors. For the library's own sources.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::datasets {

/// A name in a folder; a link that leads to a folder is one.
struct FolderEntry {
  std::string name;
  bool is_folder = false, is_link = false;
};

/// In the order of the disk, without "." and "..".
/// Throws   NotFoundError when the folder is not there; IoError when it cannot be read
OPSIS_API std::vector<FolderEntry> entries_of(const std::string& folder);

/// Whether a name that came from elsewhere is "a/b/c": no empty part, no "." and no "..".
bool is_plain(std::string_view name);

/// As std::filesystem's folder / name, but in one piece: a path made of it costs half of one that is made of its parts.
OPSIS_API std::string joined_path(std::string_view folder, std::string_view name);

}  // namespace opsis::inline v1::datasets
