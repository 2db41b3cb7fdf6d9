#include "opsis/core/check.h"
#include "opsis/datasets/coco_file.h"

namespace opsis::inline v1::datasets {

struct CocoFile::Content {};

CocoFile::CocoFile(const std::filesystem::path&, bool) {
  raise<NotBuiltError>("CocoFile: built without simdjson; configure with -DOPSIS_SIMDJSON=ON");
}

const std::vector<CocoFile::Entry>& CocoFile::images() const {
  static const std::vector<Entry> none;
  return none;
}

std::string CocoFile::annotation(const Part&) const { return {}; }

const std::map<int64_t, std::string>& CocoFile::categories() const {
  static const std::map<int64_t, std::string> none;
  return none;
}

}  // namespace opsis::inline v1::datasets
