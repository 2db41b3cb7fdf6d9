#include "opsis/core/check.h"
#include "opsis/datasets/coco_found.h"

namespace opsis::inline v1::datasets {

void parse_coco_results(std::string, const std::function<void(size_t, const CocoFound&)>&) {
  raise<NotBuiltError>("parse_coco_results: built without simdjson; configure with -DOPSIS_SIMDJSON=ON");
}

}  // namespace opsis::inline v1::datasets
