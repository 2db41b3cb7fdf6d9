#include "opsis/datasets/yolo.h"

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/text_file.h"
#include "opsis/datasets/yolo_text.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> yolo_classes(const fs::path& root, const FileRoot& files) {
  const auto yaml = root / "data.yaml", list = root / "classes.txt";
  if (files.is_file(yaml)) return yolo_names(TextFile(yaml, files.read(yaml)));
  std::vector<std::string> out;
  if (files.is_file(list)) {
    const TextFile lines(list, files.read(list));
    for (size_t i = 0; i < lines.size(); ++i) {
      if (const auto name = stripped(lines.line(i)); !name.empty()) out.emplace_back(name);
    }
  }
  return out;
}

}  // namespace

YoloFiles list_yolo(const fs::path& root, const std::string& split) { return list_yolo(root, split, FileRoot(root)); }

YoloFiles list_yolo(const fs::path& root, const std::string& split, const FileRoot& files) {
  const std::pair<fs::path, fs::path> places[] = {{root / "images" / split, root / "labels" / split},
                                                  {root / split / "images", root / split / "labels"}};
  const auto* place =
      std::find_if(std::begin(places), std::end(places), [&](const auto& one) { return files.is_folder(one.first); });
  if (place == std::end(places)) {
    raise<NotFoundError>("list_yolo: there is neither {} nor {}", places[0].first.string(), places[1].first.string());
  }
  YoloFiles out{.classes = yolo_classes(root, files)};
  for (const auto& name : files.files_in(place->first)) {
    if (!has_file_allowed_extension(name, image_extensions())) continue;
    out.images.push_back(place->first / name);
    out.labels.push_back(place->second / (fs::path(name).stem().string() + ".txt"));
  }
  return out;
}

std::vector<YoloBox> read_yolo_boxes(const fs::path& file, const FileRoot& files) {
  return files.is_file(file) ? yolo_boxes(TextFile(file, files.read(file))) : std::vector<YoloBox>();
}

YOLODetection::YOLODetection(Options options)
    : VisionDataset("YOLODetection", options.root, std::move(options.transforms)),
      root_(options.root, options.index),
      files_(list_yolo(options.root, options.split, root_)),
      loader_(std::move(options.loader)) {
  OPSIS_CHECK(!root_.archive() || !loader_,
              "YOLODetection: {} is an archive, whose files have no path that a loader could open", options.root.string());
}

Detected YOLODetection::read_through(const transforms::AnyTransform& pipeline, size_t index) const {
  const detail::Picture photo(files_.images[index], io::ImageReadMode::RGB, pipeline, root_, loader_);
  Detected out{.image = photo.image()};
  const auto [height, width] = photo.size();
  std::vector<double> corners;
  std::vector<int64_t> labels;
  for (const auto& box : read_yolo_boxes(files_.labels[index], root_)) {
    if (!files_.classes.empty() && box.label >= std::ssize(files_.classes)) {
      raise<DecodeError>("YOLODetection: {}: the class {} has no name", files_.labels[index].string(), box.label);
    }
    corners.insert(corners.end(), {(box.center_x - box.width / 2) * static_cast<double>(width),
                                   (box.center_y - box.height / 2) * static_cast<double>(height),
                                   (box.center_x + box.width / 2) * static_cast<double>(width),
                                   (box.center_y + box.height / 2) * static_cast<double>(height)});
    labels.push_back(box.label);
  }
  out.boxes = BoundingBoxes(torch::tensor(corners, torch::kFloat64).to(torch::kFloat32).view({-1, 4}), BoundingBoxFormat::XYXY,
                            photo.size());
  out.labels = torch::tensor(labels, torch::kInt64);
  return detail::transformed(pipeline, std::move(out), {&photo});
}

}  // namespace opsis::inline v1::datasets
