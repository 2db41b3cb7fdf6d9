// The index of a COCO file: which images there are and where their annotations stand in it. By simdjson. No tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::datasets {

/// A file of COCO's format, read once. Annotations stay text until they are asked for, so that opening a large file is quick. A
/// copy shares the file.
/// Index    when asked for, what was found where is kept beside the file (.instances.json.opsis-index) or, where that cannot
///          be written, in $XDG_CACHE_HOME/opsis. While the file has the size, times and number that it had, it is then not
///          searched again, and an annotation is read from the disk when it is asked for; of an index that is damaged nothing
///          is used. The result is the same as without
/// Throws   IoError, with the path, when it cannot be read or was changed while it was open; DecodeError, with the path, for
///          what is no JSON, and for images and annotations without their numbers; NotBuiltError in a build without simdjson
/// Source   pycocotools.coco.COCO
class OPSIS_API CocoFile {
 public:
  /// Where in the file a JSON object stands.
  struct Part {
    uint64_t begin = 0, size = 0;
  };
  struct Entry {
    int64_t id = 0;
    std::string file_name{};          ///< empty where the file does not say: numbers of results need no pictures
    int64_t height = 0, width = 0;    ///< of the picture; 0 where the file does not say
    std::vector<Part> annotations{};  ///< in the order of the file; of equal ids the last
  };
  explicit CocoFile(const std::filesystem::path& path, bool index = false);

  /// Sorted by id; of equal ids the last.
  const std::vector<Entry>& images() const;
  /// The JSON of an annotation; on any number of threads at once.
  std::string annotation(const Part& part) const;
  /// The names of the categories by number.
  const std::map<int64_t, std::string>& categories() const;

 private:
  struct Content;
  std::shared_ptr<const Content> content_;
};

}  // namespace opsis::inline v1::datasets
