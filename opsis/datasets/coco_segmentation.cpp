#include "opsis/datasets/coco_segmentation.h"

#include <vector>

#include "opsis/core/check.h"

namespace opsis::inline v1::datasets::detail {

io::RunLengths coco_runs(const Json& segmentation, Size canvas) {
  if (segmentation.is_list()) {
    std::vector<std::vector<double>> polygons;
    for (const auto& polygon : segmentation.items()) {
      auto& corners = polygons.emplace_back();
      for (const auto& number : polygon.items()) corners.push_back(number.number());
    }
    return io::runs_of_polygons(polygons, canvas);
  }
  const auto& size = segmentation["size"].items();
  OPSIS_CHECK(size.size() == 2, "the size of a mask must be 2 numbers");
  const Size stored{size[0].integer(), size[1].integer()};
  const auto& counts = segmentation["counts"];
  if (counts.is_text()) return io::runs_of_text(counts.text(), stored);
  std::vector<int64_t> runs;
  for (const auto& count : counts.items()) runs.push_back(count.integer());
  return io::runs_of_counts(runs, canvas);
}

double number_or_bool(const Json& mark) { return mark.is_bool() ? static_cast<double>(mark.boolean()) : mark.number(); }

const std::string& file_name_of(const CocoFile::Entry& image) {
  OPSIS_CHECK(!image.file_name.empty(), "image {} has no file_name", image.id);
  return image.file_name;
}

}  // namespace opsis::inline v1::datasets::detail
