// The objects of an annotation of Pascal VOC. No tensors. For the library's own sources.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/json.h"

namespace opsis::inline v1::datasets {

/// What an object is and its box as the file has it: pixels are counted from 1, and the last one is in the box.
struct VocBox {
  std::string name;
  double left = 0, top = 0, right = 0, bottom = 0;
};

/// The objects of a tree that parse_voc_xml made, in their order.
/// Throws   ValueError for a tree without an annotation, and for objects without a name or with sides that are no numbers of
///          pixels
OPSIS_API std::vector<VocBox> voc_boxes(const Json& tree);

/// The same, without a look at their boxes.
OPSIS_API std::vector<std::string> voc_names(const Json& tree);

/// A number of pixels: "12" or "12.7". Throws ValueError, by its name, for what is none, or is beyond any picture.
OPSIS_API double voc_pixels(const Json& element, std::string_view side);

}  // namespace opsis::inline v1::datasets
