#include <cmath>
#include <vector>

#include "opsis/core/error.h"
#include "opsis/datasets/yolo_text.h"

// Boxes and the names of classes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const opsis::datasets::TextFile lines("a.txt", std::vector<uint8_t>(data, data + size));
  try {
    for (const auto& box : opsis::datasets::yolo_boxes(lines)) {
      if (box.label < 0 || std::isnan(box.center_x) || std::isnan(box.center_y)) __builtin_trap();
    }
  } catch (const opsis::DecodeError&) {
  }
  try {
    opsis::datasets::yolo_names(lines);
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
