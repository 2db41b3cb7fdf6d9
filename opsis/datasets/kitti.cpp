#include "opsis/datasets/kitti.h"

#include <algorithm>
#include <string>

#include "opsis/core/check.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

fs::path kitti_part(const Kitti::Options& options, std::string_view folder) {
  return options.root / "Kitti" / "raw" / (options.train ? "training" : "testing") / folder;
}

std::vector<fs::path> kitti_images(const Kitti::Options& options) {
  const auto images = kitti_part(options, "image_2"), labels = kitti_part(options, "label_2");
  if (options.download) {
    const auto raw = options.root / "Kitti" / "raw";
    make_once(
        raw, [&] { return detail::is_folder(images) && (!options.train || detail::is_folder(labels)); },
        [&] {
          for (const auto& archive : resources("Kitti")) fetch_and_extract(archive, raw);
        });
  }
  detail::check_folder("Kitti", images);
  if (options.train) detail::check_folder("Kitti", labels);
  std::vector<fs::path> out;
  for (const auto& name : sorted_names(images)) out.push_back(images / name);
  return out;
}

}  // namespace

const std::vector<std::string_view>& Kitti::classes() {
  static const std::vector<std::string_view> names{"Car",     "Van",  "Truck", "Pedestrian", "Person_sitting",
                                                   "Cyclist", "Tram", "Misc",  "DontCare"};
  return names;
}

Kitti::Kitti(Options options) : options_(std::move(options)), images_(kitti_images(options_)) {}

Detected Kitti::get(size_t index) const {
  detail::check_index("Kitti", index, size());
  const detail::Picture photo(images_[index], io::ImageReadMode::UNCHANGED, options_.transforms);
  Detected out{.image = photo.image()};
  std::vector<float> corners;
  std::vector<int64_t> labels;
  if (options_.train) {
    const auto name = images_[index].filename().string();
    const TextFile lines(kitti_part(options_, "label_2") / (name.substr(0, name.find('.')) + ".txt"));
    Json::List objects;
    for (size_t i = 0; i < lines.size(); ++i) {
      if (lines.line(i).empty()) continue;
      const auto words = lines.fields(i, ' ', 15);
      const auto numbers = [&](size_t from, size_t to) {
        Json::List list;
        for (size_t k = from; k < to; ++k) list.emplace_back(lines.number(i, words[k]));
        return Json(std::move(list));
      };
      objects.emplace_back(Json::Object{{"type", words[0]},
                                        {"truncated", lines.number(i, words[1])},
                                        {"occluded", lines.integer(i, words[2])},
                                        {"alpha", lines.number(i, words[3])},
                                        {"bbox", numbers(4, 8)},
                                        {"dimensions", numbers(8, 11)},
                                        {"location", numbers(11, 14)},
                                        {"rotation_y", lines.number(i, words[14])}});
      for (size_t k = 4; k < 8; ++k) corners.push_back(static_cast<float>(lines.number(i, words[k])));
      const auto found = std::find(classes().begin(), classes().end(), words[0]);
      if (found == classes().end()) lines.refuse(i, text("\"{}\" is no class of Kitti", words[0]));
      labels.push_back(found - classes().begin());
    }
    out.annotation = Json(std::move(objects));
  }
  out.boxes = BoundingBoxes(torch::tensor(corners, torch::kFloat32).view({-1, 4}), BoundingBoxFormat::XYXY, photo.size());
  out.labels = torch::tensor(labels, torch::kInt64);
  return detail::transformed(options_.transforms, std::move(out), {&photo});
}

}  // namespace opsis::inline v1::datasets
