// The text files beside YOLO's pictures. No tensors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {

/// A box in parts of the picture's sides.
struct YoloBox {
  int64_t label = 0;
  double center_x = 0, center_y = 0, width = 0, height = 0;
};

/// The boxes of a file as read_yolo_boxes tells, and the `names` of a data.yaml.
/// Throws   DecodeError, with the line, for what is not sound
OPSIS_API std::vector<YoloBox> yolo_boxes(const TextFile& lines);
OPSIS_API std::vector<std::string> yolo_names(const TextFile& yaml);

}  // namespace opsis::inline v1::datasets
