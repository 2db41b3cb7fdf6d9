#include "opsis/datasets/voc_folder.h"

#include <algorithm>
#include <map>
#include <set>

#include "opsis/core/check.h"
#include "opsis/core/listed.h"
#include "opsis/core/telling_where.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/text_file.h"
#include "opsis/datasets/voc_annotation.h"
#include "opsis/datasets/voc_boxes.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

// What `read` gives of a file; what it finds wrong is an error of that.
template <class Read>
auto reading_annotation(const fs::path& file, const Read& read) {
  try {
    return read();
  } catch (const ValueError& error) {
    raise_because<DecodeError>(error, "VOCFolder: {}: ", file.string());
  }
}

Json voc_tree(const fs::path& file, const FileRoot& files) {
  const auto xml = files.read(file);
  return telling_where(file, [&] { return parse_voc_xml(xml); });
}

std::vector<std::string> voc_stems(const fs::path& folder, const FileRoot& files) {
  std::vector<std::string> out;
  for (const auto& name : files.files_in(folder)) {
    if (has_file_allowed_extension(name, {".xml"})) out.push_back(fs::path(name).stem().string());
  }
  return out;
}

// The pictures of a folder by their names without the ending, the most usual of which comes first.
std::map<std::string, std::string> voc_pictures(const fs::path& folder, const FileRoot& files) {
  std::map<std::string, std::string> out;
  if (!files.is_folder(folder)) return out;
  const auto names = files.files_in(folder);
  for (const auto& ending : image_extensions()) {
    for (const auto& name : names) {
      if (has_file_allowed_extension(name, {ending})) out.emplace(fs::path(name).stem().string(), name);
    }
  }
  return out;
}

std::vector<std::string> found_voc_classes(const fs::path& root, const FileRoot& files) {
  std::set<std::string> out;
  const auto folder = root / "Annotations";
  for (const auto& name : files.files_in(folder)) {
    if (!has_file_allowed_extension(name, {".xml"})) continue;
    const auto tree = voc_tree(folder / name, files);
    for (auto& found : reading_annotation(folder / name, [&] { return voc_names(tree); })) out.insert(std::move(found));
  }
  return {out.begin(), out.end()};
}

}  // namespace

VocFiles list_voc(const fs::path& root, const std::string& split, const FileRoot& files) {
  const auto annotations = root / "Annotations", pictures = root / "JPEGImages", sets = root / "ImageSets" / "Main";
  const auto list = sets / (split + ".txt");
  if (!files.is_folder(annotations)) raise<NotFoundError>("list_voc: there is no folder {}", annotations.string());
  std::vector<std::string> names;
  if (files.is_file(list)) {
    const TextFile lines(list, files.read(list));
    for (size_t i = 0; i < lines.size(); ++i) {
      if (const auto name = stripped(lines.line(i)); !name.empty()) names.emplace_back(name);
    }
  } else if (!files.is_folder(sets) && split == "train") {
    names = voc_stems(annotations, files);
  } else {
    raise<NotFoundError>("list_voc: there is no {}{}", list.string(),
                         files.is_folder(sets) ? "" : "; a folder without image sets has the split train alone");
  }
  std::map<fs::path, std::map<std::string, std::string>> by_name;  // of each folder, for names may begin with one
  VocFiles out;
  for (const auto& name : names) {
    const auto stem = fs::path(name).filename().string();
    const auto folder = (pictures / name).parent_path();
    const auto [known, is_new] = by_name.try_emplace(folder);
    if (is_new) known->second = voc_pictures(folder, files);
    const auto found = known->second.find(stem);
    out.images.push_back(folder / (found != known->second.end() ? found->second : stem + ".jpg"));
    out.targets.push_back(annotations / (name + ".xml"));
  }
  return out;
}

VOCFolder::VOCFolder(Options options)
    : VisionDataset("VOCFolder", options.root, std::move(options.transforms)),
      root_(options.root, options.index),
      files_(list_voc(options.root, options.split, root_)),
      classes_(std::move(options.classes)),
      loader_(std::move(options.loader)) {
  OPSIS_CHECK(!root_.archive() || !loader_, "VOCFolder: {} is an archive, whose files have no path that a loader could open",
              options.root.string());
  std::set<std::string> names;
  for (const auto& name : classes_) OPSIS_CHECK(names.insert(name).second, "VOCFolder: the class \"{}\" is given twice", name);
  if (classes_.empty()) classes_ = found_voc_classes(options.root, root_);
}

Detected VOCFolder::read_through(const transforms::AnyTransform& pipeline, size_t index) const {
  const auto& file = files_.targets[index];
  auto tree = voc_tree(file, root_);
  std::vector<double> corners;
  std::vector<int64_t> labels;
  for (const auto& box : reading_annotation(file, [&] { return voc_boxes(tree); })) {
    const auto found = std::find(classes_.begin(), classes_.end(), box.name);
    if (found == classes_.end()) {
      raise<DecodeError>("VOCFolder: {}: \"{}\" is no class; they are {}", file.string(), box.name, listed(classes_));
    }
    corners.insert(corners.end(), {box.left - 1, box.top - 1, box.right, box.bottom});
    labels.push_back(found - classes_.begin());
  }
  const detail::Picture photo(files_.images[index], io::ImageReadMode::RGB, pipeline, root_, loader_);
  Detected out{.image = photo.image(), .annotation = std::move(tree)};
  out.boxes = BoundingBoxes(torch::tensor(corners, torch::kFloat64).to(torch::kFloat32).view({-1, 4}), BoundingBoxFormat::XYXY,
                            photo.size());
  out.labels = torch::tensor(labels, torch::kInt64);
  return detail::transformed(pipeline, std::move(out), {&photo});
}

}  // namespace opsis::inline v1::datasets
