// The files that data sets are made of, where they come from, and how they are known to be right.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "opsis/core/api.h"
#include "opsis/datasets/archive.h"

namespace opsis::inline v1::datasets {

/// A file of a data set, as torchvision's own table has it.
struct Resource {
  std::string_view dataset;   ///< "CIFAR10"; LFWPeople and LFWPairs share "LFW", the two of VOC "VOCDetection"
  std::string_view file;      ///< the name it is kept under
  std::string_view url;       ///< empty for what comes inside of another file, or has to be brought by hand
  std::string_view md5;       ///< empty where torchvision knows none
  std::string_view sha256{};  ///< empty where none is known
};

/// The files of one data set, sorted by name; a file that several servers have is there once for each. Empty for a data set
/// that has none in the table.
OPSIS_API std::span<const Resource> resources(std::string_view dataset);
/// Those of all data sets.
OPSIS_API std::span<const Resource> resources();
/// One of them, the first of that name.
/// Throws   NotFoundError, with the nearest names
OPSIS_API const Resource& resource(std::string_view dataset, std::string_view file);

/// What a file is known by; empty is what any file will do for.
struct FileHashes {
  std::string md5{}, sha256{};
};

/// The hashes that a file must have on this thread.
OPSIS_API FileHashes expected_hashes(const Resource& resource);

/// While it lives, this thread holds files of data sets against other hashes, by "CIFAR10/data_batch_1": for copies that were
/// changed on purpose. Each is an MD5 or, with 64 digits, a SHA-256, and the only one that counts; an empty one takes any file.
/// They nest; the innermost that names a file counts.
///     const OtherHashes ours({{"CIFAR10/data_batch_1", "..."}});
class OPSIS_API OtherHashes {
 public:
  explicit OtherHashes(std::map<std::string, std::string> hash_by_file);
  /// So that names in braces are never taken for other hashes.
  explicit OtherHashes(std::initializer_list<std::pair<const std::string, std::string>> hash_by_file)
      : OtherHashes(std::map<std::string, std::string>(hash_by_file)) {}
  ~OtherHashes();
  OtherHashes(const OtherHashes&) = delete;
  OtherHashes& operator=(const OtherHashes&) = delete;

 private:
  friend FileHashes expected_hashes(const Resource& resource);
  std::map<std::string, std::string> hash_by_file_;
  const OtherHashes* outer_;
};

/// Whether the file is in `folder` and has the hashes it must have.
/// Source   torchvision.datasets.utils.check_integrity
OPSIS_API bool is_intact(const Resource& resource, const std::filesystem::path& folder);
/// Throws   NotFoundError when the file is not in `folder`, IntegrityError when it has another hash; both say where to get it
OPSIS_API void check_resource(const Resource& resource, const std::filesystem::path& folder);

/// Brings the file into `folder` unless it is there intact, trying each url in turn.
/// Throws   as hub::download, of the last url; NotFoundError when it has none
OPSIS_API std::filesystem::path fetch_resource(const Resource& resource, const std::filesystem::path& folder);
/// The same, and then extract_archive() into `to`; into `folder` when it is empty. An archive that is known by no hash goes
/// through extract_unknown().
OPSIS_API void fetch_and_extract(const Resource& resource, const std::filesystem::path& folder,
                                 const std::filesystem::path& to = {}, const ExtractOptions& options = {});
/// extract_archive() for one that was downloaded and is known by no hash: a damaged one is removed, since nothing else would
/// tell the next download that it has to come anew.
/// Throws   as extract_archive
OPSIS_API void extract_unknown(const std::filesystem::path& archive, const std::filesystem::path& to,
                               const ExtractOptions& options = {});

}  // namespace opsis::inline v1::datasets
