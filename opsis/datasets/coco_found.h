// What a model found, as COCO's results files list it. By simdjson. No tensors; opsis/engine/coco_results.h has those.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::datasets {

/// One thing that was found. What the file does not say of it is left empty.
struct CocoFound {
  int64_t image_id = 0, category_id = 0;
  double score = 0;
  std::optional<std::array<double, 4>> box{};  ///< left, top, width and height
  std::string_view segmentation{};             ///< its JSON
  std::vector<double> key_points{};            ///< three numbers of each
};

/// Hands `visit` each entry of a results file in its order, numbered from 0.
/// Throws   DecodeError, with the number of the entry, for what is no list of such entries; NotBuiltError in a build without
///          simdjson
/// Source   the files that pycocotools.coco.COCO.loadRes reads
OPSIS_API void parse_coco_results(std::string text, const std::function<void(size_t entry, const CocoFound&)>& visit);

}  // namespace opsis::inline v1::datasets
