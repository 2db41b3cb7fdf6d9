#include "cli/coco.h"

#include <algorithm>
#include <span>

#include "opsis/core/check.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
using opsis::datasets::CocoDetection;

// Where a part of the data may be: its pictures, and the file about them.
struct Layout {
  const char *pictures, *annotations;
};
constexpr Layout kTrain[] = {{"train", "annotations/instances_train.json"},
                             {"train2017", "annotations/instances_train2017.json"},
                             {"train", "train/_annotations.coco.json"}};
constexpr Layout kHeldOut[] = {{"val", "annotations/instances_val.json"},
                               {"val2017", "annotations/instances_val2017.json"},
                               {"valid", "valid/_annotations.coco.json"}};

std::shared_ptr<const CocoDetection> open_part(const fs::path& root, std::span<const Layout> layouts, bool masks) {
  for (const auto& [pictures, annotations] : layouts) {
    if (!fs::exists(root / annotations)) continue;
    return std::make_shared<const CocoDetection>(
        CocoDetection::Options{.root = root / pictures, .annFile = root / annotations, .masks = masks});
  }
  return nullptr;
}

}  // namespace

std::shared_ptr<const CocoDetection> open_coco_to_learn_from(const fs::path& root, bool masks) {
  if (auto part = open_part(root, kTrain, masks)) return part;
  opsis::raise<opsis::NotFoundError>(
      "no training data in \"{}\": there is neither annotations/instances_train.json (or train2017), with the pictures in "
      "train/, nor train/_annotations.coco.json",
      root.string());
}

std::shared_ptr<const CocoDetection> open_coco_held_out(const fs::path& root, bool masks) {
  return open_part(root, kHeldOut, masks);
}

std::vector<std::string> categories_of(const opsis::datasets::CocoFile& file) {
  std::vector<std::string> names{"__background__"};
  for (const auto& [id, name] : file.categories()) {
    OPSIS_CHECK(id >= 0 && id < 100'000, "the annotations number a category {}; numbers must be from 0 to 99999", id);
    names.resize(std::max(names.size(), static_cast<size_t>(id) + 1), "N/A");
    names[static_cast<size_t>(id)] = name;
  }
  return names;
}

}  // namespace cli
