#include "opsis/datasets/cityscapes.h"

#include "opsis/core/check.h"
#include "opsis/datasets/archive.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/json_file.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {

namespace fs = std::filesystem;

const std::vector<CityscapesClass>& Cityscapes::classes() {
  static const std::vector<CityscapesClass> rows{{"unlabeled", 0, 255, "void", 0, false, true, {0, 0, 0}},
                                                 {"ego vehicle", 1, 255, "void", 0, false, true, {0, 0, 0}},
                                                 {"rectification border", 2, 255, "void", 0, false, true, {0, 0, 0}},
                                                 {"out of roi", 3, 255, "void", 0, false, true, {0, 0, 0}},
                                                 {"static", 4, 255, "void", 0, false, true, {0, 0, 0}},
                                                 {"dynamic", 5, 255, "void", 0, false, true, {111, 74, 0}},
                                                 {"ground", 6, 255, "void", 0, false, true, {81, 0, 81}},
                                                 {"road", 7, 0, "flat", 1, false, false, {128, 64, 128}},
                                                 {"sidewalk", 8, 1, "flat", 1, false, false, {244, 35, 232}},
                                                 {"parking", 9, 255, "flat", 1, false, true, {250, 170, 160}},
                                                 {"rail track", 10, 255, "flat", 1, false, true, {230, 150, 140}},
                                                 {"building", 11, 2, "construction", 2, false, false, {70, 70, 70}},
                                                 {"wall", 12, 3, "construction", 2, false, false, {102, 102, 156}},
                                                 {"fence", 13, 4, "construction", 2, false, false, {190, 153, 153}},
                                                 {"guard rail", 14, 255, "construction", 2, false, true, {180, 165, 180}},
                                                 {"bridge", 15, 255, "construction", 2, false, true, {150, 100, 100}},
                                                 {"tunnel", 16, 255, "construction", 2, false, true, {150, 120, 90}},
                                                 {"pole", 17, 5, "object", 3, false, false, {153, 153, 153}},
                                                 {"polegroup", 18, 255, "object", 3, false, true, {153, 153, 153}},
                                                 {"traffic light", 19, 6, "object", 3, false, false, {250, 170, 30}},
                                                 {"traffic sign", 20, 7, "object", 3, false, false, {220, 220, 0}},
                                                 {"vegetation", 21, 8, "nature", 4, false, false, {107, 142, 35}},
                                                 {"terrain", 22, 9, "nature", 4, false, false, {152, 251, 152}},
                                                 {"sky", 23, 10, "sky", 5, false, false, {70, 130, 180}},
                                                 {"person", 24, 11, "human", 6, true, false, {220, 20, 60}},
                                                 {"rider", 25, 12, "human", 6, true, false, {255, 0, 0}},
                                                 {"car", 26, 13, "vehicle", 7, true, false, {0, 0, 142}},
                                                 {"truck", 27, 14, "vehicle", 7, true, false, {0, 0, 70}},
                                                 {"bus", 28, 15, "vehicle", 7, true, false, {0, 60, 100}},
                                                 {"caravan", 29, 255, "vehicle", 7, true, true, {0, 0, 90}},
                                                 {"trailer", 30, 255, "vehicle", 7, true, true, {0, 0, 110}},
                                                 {"train", 31, 16, "vehicle", 7, true, false, {0, 80, 100}},
                                                 {"motorcycle", 32, 17, "vehicle", 7, true, false, {0, 0, 230}},
                                                 {"bicycle", 33, 18, "vehicle", 7, true, false, {119, 11, 32}},
                                                 {"license plate", -1, -1, "vehicle", 7, false, true, {0, 0, 142}}};
  return rows;
}

Cityscapes::Cityscapes(Options options) : options_(std::move(options)) {
  const auto& split = options_.split;
  detail::check_choice("Cityscapes", "mode", options_.mode, {"fine", "coarse"});
  const bool fine = options_.mode == "fine";
  if (fine) {
    detail::check_choice("Cityscapes", "split of mode fine", split, {"train", "test", "val"});
  } else {
    detail::check_choice("Cityscapes", "split of mode coarse", split, {"train", "train_extra", "val"});
  }
  for (const auto& target : options_.target_type) {
    detail::check_choice("Cityscapes", "target_type", target, {"instance", "semantic", "polygon", "color"});
  }
  const std::string mode = fine ? "gtFine" : "gtCoarse";
  const auto images = options_.root / "leftImg8bit" / split, targets = options_.root / mode / split;
  const auto is_unpacked = [&] { return detail::is_folder(images) && detail::is_folder(targets); };
  if (!is_unpacked()) {
    const auto image_zip =
        options_.root / (split == "train_extra" ? "leftImg8bit_trainextra.zip" : "leftImg8bit_trainvaltest.zip");
    const auto target_zip = options_.root / (fine ? "gtFine_trainvaltest.zip" : "gtCoarse.zip");
    if (!detail::is_file(image_zip) || !detail::is_file(target_zip)) {
      raise<NotFoundError>("Cityscapes: neither the folders {} and {} nor the archives {} and {} are there", images.string(),
                           targets.string(), image_zip.filename().string(), target_zip.filename().string());
    }
    const FolderLock lock(options_.root);
    if (!is_unpacked()) {
      extract_archive(image_zip, options_.root);
      extract_archive(target_zip, options_.root);
    }
  }
  for (const auto& city : sorted_names(images)) {
    for (const auto& name : sorted_names(images / city)) {
      images_.push_back(images / city / name);
      stems_.push_back(targets / city / (name.substr(0, name.find("_leftImg8bit")) + "_" + mode));
    }
  }
}

Cityscapes Cityscapes::untransformed() const {
  auto out = *this;
  out.options_.transforms = {};
  return out;
}

CityscapesExample Cityscapes::get(size_t index) const {
  detail::check_index("Cityscapes", index, size());
  const detail::Picture photo(images_[index], io::ImageReadMode::RGB, options_.transforms);
  CityscapesExample out{photo.image()};
  for (const auto& target : options_.target_type) {
    const auto file = [&](const char* suffix) {
      auto path = stems_[index];
      return path += suffix;
    };
    if (target == "instance") {
      out.instance = Mask(plain_loader(file("_instanceIds.png")).data);
    } else if (target == "semantic") {
      out.semantic = Mask(plain_loader(file("_labelIds.png")).data);
    } else if (target == "color") {
      out.color = plain_loader(file("_color.png"));
    } else {
      out.polygon = read_json(file("_polygons.json"));
    }
  }
  return detail::transformed(options_.transforms, std::move(out), {&photo});
}

}  // namespace opsis::inline v1::datasets
