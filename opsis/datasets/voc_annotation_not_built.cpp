#include "opsis/core/check.h"
#include "opsis/datasets/voc_annotation.h"

namespace opsis::inline v1::datasets {

Json parse_voc_xml(io::Bytes) { raise<NotBuiltError>("parse_voc_xml: built without pugixml; configure with -DOPSIS_XML=ON"); }

Json read_voc_xml(const std::filesystem::path&) { return parse_voc_xml({}); }

}  // namespace opsis::inline v1::datasets
