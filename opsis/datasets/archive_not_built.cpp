#include "opsis/core/check.h"
#include "opsis/datasets/archive.h"

namespace opsis::inline v1::datasets {

void extract_archive(const std::filesystem::path&, const std::filesystem::path&, const ExtractOptions&) {
  raise<NotBuiltError>("extract_archive: built without libarchive; configure with -DOPSIS_ARCHIVE=ON");
}

std::vector<uint8_t> read_compressed(const std::filesystem::path&, const ArchiveLimits&) {
  raise<NotBuiltError>("read_compressed: built without libarchive; configure with -DOPSIS_ARCHIVE=ON");
}

}  // namespace opsis::inline v1::datasets
