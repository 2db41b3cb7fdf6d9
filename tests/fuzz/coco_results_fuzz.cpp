#include "opsis/core/error.h"
#include "opsis/datasets/coco_found.h"
#include "opsis/datasets/coco_segmentation.h"

// Results of COCO's format, and their masks.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace opsis;  // NOLINT
  constexpr Size canvas{17, 23};
  try {
    datasets::parse_coco_results(std::string(data, data + size), [&](size_t, const datasets::CocoFound& found) {
      if (found.segmentation.empty()) return;
      try {
        const auto runs = datasets::detail::coco_runs(Json::parse(found.segmentation), canvas);
        if (io::runs_of_text(io::to_text(runs), runs.size) != runs) __builtin_trap();
        const auto [left, top, width, height] = io::bounding_box(runs);
        if (static_cast<double>(io::area(runs)) > width * height) __builtin_trap();
        if (left + width > static_cast<double>(runs.size.width)) __builtin_trap();
        if (top + height > static_cast<double>(runs.size.height)) __builtin_trap();
      } catch (const Error&) {
      }
    });
  } catch (const DecodeError&) {
  }
  return 0;
}
