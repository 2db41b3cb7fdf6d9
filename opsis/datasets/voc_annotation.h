// Annotations of Pascal VOC, from XML. By pugixml. No tensors. For the library's own sources.
#pragma once

#include <filesystem>

#include "opsis/core/api.h"
#include "opsis/core/json.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::datasets {

/// The tree of an XML file as torchvision has it: {"annotation": {"folder": "VOC2012", ..., "object": [{...}]}}. Elements that
/// stand once are texts or objects, others lists of those; the objects of an annotation are always a list.
/// Throws   DecodeError, with the offset, for what is no XML; NotBuiltError in a build without pugixml
/// Source   torchvision.datasets.VOCDetection.parse_voc_xml
OPSIS_API Json parse_voc_xml(io::Bytes xml);

/// The same of a file, whose name begins the messages.
OPSIS_API Json read_voc_xml(const std::filesystem::path& path);

}  // namespace opsis::inline v1::datasets
