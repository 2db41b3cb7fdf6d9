#include "cli/coco.h"

#include <algorithm>
#include <span>

#include "opsis/core/check.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
using opsis::datasets::CocoDetection;

// Where a part of the data may be: its pictures, and the file about them, with {} for what the file is of.
struct Layout {
  const char *pictures, *annotations;
};
constexpr Layout kTrain[] = {{"train", "annotations/{}_train.json"},
                             {"train2017", "annotations/{}_train2017.json"},
                             {"train", "train/_annotations.coco.json"}};
constexpr Layout kHeldOut[] = {
    {"val", "annotations/{}_val.json"}, {"val2017", "annotations/{}_val2017.json"}, {"valid", "valid/_annotations.coco.json"}};

const char* file_of(CocoParts parts) { return parts == CocoParts::KeyPoints ? "person_keypoints" : "instances"; }

std::shared_ptr<const CocoDetection> open_part(const fs::path& root, std::span<const Layout> layouts, CocoParts parts) {
  for (const auto& [pictures, annotations] : layouts) {
    const auto file = root / opsis::text(annotations, file_of(parts));
    if (!fs::exists(file)) continue;
    return std::make_shared<const CocoDetection>(CocoDetection::Options{.root = root / pictures,
                                                                        .annFile = file,
                                                                        .masks = parts == CocoParts::Masks,
                                                                        .key_points = parts == CocoParts::KeyPoints});
  }
  return nullptr;
}

}  // namespace

std::shared_ptr<const CocoDetection> open_coco_to_learn_from(const fs::path& root, CocoParts parts) {
  if (auto part = open_part(root, kTrain, parts)) return part;
  opsis::raise<opsis::NotFoundError>(
      "no training data in \"{}\": there is neither annotations/{}_train.json (or train2017), with the pictures in "
      "train/, nor train/_annotations.coco.json",
      root.string(), file_of(parts));
}

std::shared_ptr<const CocoDetection> open_coco_held_out(const fs::path& root, CocoParts parts) {
  return open_part(root, kHeldOut, parts);
}

std::shared_ptr<const CocoDetection> open_coco_to_judge_by(const fs::path& root, CocoParts parts) {
  if (auto part = open_coco_held_out(root, parts)) return part;
  opsis::raise<opsis::NotFoundError>(
      "nothing to judge by in \"{}\": there is neither annotations/{}_val.json (or val2017), with the pictures in val/, nor "
      "valid/_annotations.coco.json",
      root.string(), file_of(parts));
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
