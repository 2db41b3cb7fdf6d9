// Files by patterns of names. No tensors. For the library's own sources.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/datasets/scan_index.h"
#include "opsis/io/index_file.h"

namespace opsis::inline v1::datasets {

/// A name in a folder; both are texts of the FolderGlob that found it.
struct OPSIS_API FoundName {
  std::string_view folder{}, name{};
  std::string path() const;
};

/// Finds what matches patterns. Each folder is read once, however many patterns are sought in it; with an index not even that,
/// while it is as it was when it was read before.
///     FolderGlob glob(root, options.index);
///     const auto lefts = glob("*/left/*.png"), rights = glob("*/right/*.png");
///     glob.keep();
/// For one thread.
/// Index    as make_dataset's, but by folder and not by class: a folder is read anew when it is not as it was, has links, or was
///          changed within two seconds of being read. The result is the same as without
class OPSIS_API FolderGlob {
 public:
  /// begun_ns is for tests: folders become old enough to be kept without anybody waiting.
  explicit FolderGlob(const std::filesystem::path& root, bool index = false, int64_t begun_ns = io::now_ns());
  FolderGlob(const FolderGlob&) = delete;
  FolderGlob& operator=(const FolderGlob&) = delete;

  /// What matches a pattern with * and ? in the parts of its way, below the root, sorted as text. A name that begins with a dot
  /// is not matched by *. What is not there or cannot be read has nothing that matches.
  /// Source   sorted(glob.glob(...))
  std::vector<FoundName> operator()(const std::string& pattern);
  /// The same below a folder, which is not a pattern, at or below the root.
  std::vector<FoundName> operator()(const std::filesystem::path& folder, const std::string& pattern);
  /// Keeps what was read for the next time, with an index and if there is something new.
  void keep();

 private:
  const ScannedFolder& in(const std::string& folder);
  void find(const std::string& folder, std::filesystem::path::iterator part, const std::filesystem::path::iterator& end,
            std::vector<FoundName>& out);

  std::string root_;
  bool index_, anew_ = false;
  int64_t begun_ns_;
  std::deque<std::string> asked_for_;  // names in folders that cannot be listed
  ScannedTree kept_, asked_;           // what the index says that nobody has asked for; what somebody has, as it is now
};

/// The paths that match a single pattern, below `root`; as FolderGlob finds them.
OPSIS_API std::vector<std::filesystem::path> sorted_glob(const std::filesystem::path& root, const std::string& pattern);

}  // namespace opsis::inline v1::datasets
