#include "opsis/datasets/convert.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "opsis/core/check.h"
#include "opsis/core/json.h"
#include "opsis/core/system_reason.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/coco_file.h"
#include "opsis/datasets/coco_segmentation.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/list.h"
#include "opsis/datasets/text_file.h"
#include "opsis/datasets/voc.h"
#include "opsis/datasets/voc_annotation.h"
#include "opsis/datasets/voc_boxes.h"
#include "opsis/datasets/voc_folder.h"
#include "opsis/datasets/yolo.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

// Far beyond any picture, and within what whole numbers hold.
constexpr double kMostPixels = 1e9;

Size size_of_picture(const fs::path& file) {
  const auto image = default_loader(file);
  return {image.data.size(-2), image.data.size(-1)};
}

// Runs `read`; what it finds wrong is an error of the file.
template <class Read>
void reading_boxes(const fs::path& file, const Read& read) {
  try {
    read();
  } catch (const ValueError& error) {
    raise_because<DecodeError>(error, "read_boxes: {}: ", file.string());
  }
}

// --- Reading ------------------------------------------------------------------------------------------------------------

BoxedSet read_coco_boxes(const BoxedSource& source) {
  const CocoFile file(source.annFile);
  BoxedSet out;
  std::map<int64_t, int64_t> label_of;
  for (const auto& [id, name] : file.categories()) {
    label_of[id] = std::ssize(out.classes);
    out.classes.push_back(name);
  }
  for (const auto& image : file.images()) {
    BoxedPicture picture;
    picture.size = {image.height, image.width};
    reading_boxes(source.annFile, [&] { picture.name = detail::file_name_of(image); });
    picture.file = source.root / picture.name;
    if (image.height == 0 || image.width == 0) picture.size = size_of_picture(picture.file);
    reading_boxes(source.annFile, [&] {
      for (const auto& part : image.annotations) {
        const auto annotation = Json::parse(file.annotation(part));
        const auto* crowd = annotation.find("iscrowd");
        if (crowd != nullptr && (crowd->is_number() || crowd->is_bool()) && detail::number_or_bool(*crowd) != 0) continue;
        const auto& box = annotation["bbox"].items();
        OPSIS_CHECK(box.size() == 4, "image {}: a bbox must have 4 numbers, got {}", image.id, box.size());
        const auto category = annotation["category_id"].integer();
        OPSIS_CHECK(label_of.contains(category), "image {}: {} is no category", image.id, category);
        for (const auto& number : box) {
          OPSIS_CHECK(number.is_number() && std::abs(number.number()) <= kMostPixels,
                      "image {}: a bbox must have numbers of pixels, got {}", image.id, number.dump());
        }
        const auto left = box[0].number(), top = box[1].number();
        picture.objects.push_back({label_of.at(category), left, top, left + box[2].number(), top + box[3].number()});
      }
    });
    out.pictures.push_back(std::move(picture));
  }
  return out;
}

BoxedSet read_voc_boxes(const BoxedSource& source) {
  BoxedSet out;
  std::vector<std::vector<std::string>> names_of;  // of each picture's objects
  std::set<std::string> names;
  const auto files = list_voc(source.root, source.split, FileRoot(source.root));
  for (size_t i = 0; i < files.images.size(); ++i) {
    const auto& file = files.targets[i];
    const auto annotation = read_voc_xml(file);
    BoxedPicture picture{.file = files.images[i],
                         .name = files.images[i].lexically_relative(source.root / "JPEGImages").string()};
    auto& its_names = names_of.emplace_back();
    reading_boxes(file, [&] {
      const auto& parts = annotation["annotation"];
      if (const auto* size = parts.find("size")) {
        picture.size = {static_cast<int64_t>(voc_pixels(*size, "height")), static_cast<int64_t>(voc_pixels(*size, "width"))};
      }
      // Some annotations have sizes of 0.
      if (picture.size.height < 1 || picture.size.width < 1) picture.size = size_of_picture(picture.file);
      for (const auto& box : voc_boxes(annotation)) {
        picture.objects.push_back({0, box.left - 1, box.top - 1, box.right, box.bottom});
        its_names.push_back(box.name);
        names.insert(box.name);
      }
    });
    out.pictures.push_back(std::move(picture));
  }
  const std::vector<std::string> twenty(voc_classes().begin() + 1, voc_classes().end());
  const bool known = std::all_of(names.begin(), names.end(), [&](const auto& name) {
    return std::find(twenty.begin(), twenty.end(), name) != twenty.end();
  });
  out.classes = known ? twenty : std::vector<std::string>(names.begin(), names.end());
  const auto label_of = numbered(out.classes);
  for (size_t i = 0; i < out.pictures.size(); ++i) {
    for (size_t k = 0; k < names_of[i].size(); ++k) out.pictures[i].objects[k].label = label_of.at(names_of[i][k]);
  }
  return out;
}

// Parts of a side are rounded when they are written; a millionth of a pixel is nearer than that.
double whole_millionths(double pixels) { return std::round(pixels * 1e6) / 1e6; }

BoxedSet read_yolo_set(const BoxedSource& source) {
  const auto files = list_yolo(source.root, source.split);
  BoxedSet out{.classes = files.classes};
  int64_t highest = -1;
  for (size_t i = 0; i < files.images.size(); ++i) {
    BoxedPicture picture{
        .file = files.images[i], .name = files.images[i].filename().string(), .size = size_of_picture(files.images[i])};
    const auto height = static_cast<double>(picture.size.height), width = static_cast<double>(picture.size.width);
    for (const auto& box : read_yolo_boxes(files.labels[i])) {
      highest = std::max(highest, box.label);
      picture.objects.push_back({box.label, whole_millionths((box.center_x - box.width / 2) * width),
                                 whole_millionths((box.center_y - box.height / 2) * height),
                                 whole_millionths((box.center_x + box.width / 2) * width),
                                 whole_millionths((box.center_y + box.height / 2) * height)});
    }
    out.pictures.push_back(std::move(picture));
  }
  constexpr int64_t most = 1'000'000;
  if (highest >= most || (!files.classes.empty() && highest >= std::ssize(files.classes))) {
    raise<DecodeError>("read_boxes: {}: the class {} has no name", source.root.string(), highest);
  }
  while (std::ssize(out.classes) <= highest) out.classes.push_back(std::to_string(out.classes.size()));
  return out;
}

// --- Writing ------------------------------------------------------------------------------------------------------------

std::string shortest(double value) {
  char digits[32];
  const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), value);
  return {digits, end};
}

void copy_picture(const fs::path& from, const fs::path& to) {
  make_folders(to.parent_path());
  std::error_code failed;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, failed);
  if (failed) raise<IoError>("write_boxes: cannot copy {} to {}: {}", from.string(), to.string(), system_reason(failed));
}

void write_text(const fs::path& file, std::string_view content) {
  make_folders(file.parent_path());
  io::write_bytes(file, io::as_bytes(content));
}

// A name that stays in its folder, for files that have no folders.
std::string flat_name(std::string name) {
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

// Where a picture goes, below the folder that is written.
fs::path place_of(const BoxedPicture& picture, BoxFormat format, const std::string& split) {
  if (format == BoxFormat::COCO) return fs::path(split) / picture.name;
  const fs::path name(flat_name(picture.name));
  return format == BoxFormat::VOC ? fs::path("JPEGImages") / (name.stem().string() + ".jpg")
                                  : fs::path("images") / split / name;
}

void write_coco_boxes(const BoxedSet& set, const fs::path& to, const std::string& split) {
  Json::List images, annotations, categories;
  for (size_t i = 0; i < set.classes.size(); ++i)
    categories.emplace_back(Json::Object{{"id", i + 1}, {"name", set.classes[i]}});
  for (size_t i = 0; i < set.pictures.size(); ++i) {
    const auto& picture = set.pictures[i];
    copy_picture(picture.file, to / place_of(picture, BoxFormat::COCO, split));
    images.emplace_back(Json::Object{
        {"id", i + 1}, {"file_name", picture.name}, {"height", picture.size.height}, {"width", picture.size.width}});
    for (const auto& box : picture.objects) {
      const auto width = box.right - box.left, height = box.bottom - box.top;
      annotations.emplace_back(Json::Object{{"id", annotations.size() + 1},
                                            {"image_id", i + 1},
                                            {"category_id", box.label + 1},
                                            {"bbox", Json::List{box.left, box.top, width, height}},
                                            {"area", width * height},
                                            {"iscrowd", 0}});
    }
  }
  const Json document(Json::Object{
      {"images", std::move(images)}, {"annotations", std::move(annotations)}, {"categories", std::move(categories)}});
  write_text(to / "annotations" / ("instances_" + split + ".json"), document.dump());
}

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    c == '&' ? out += "&amp;" : c == '<' ? out += "&lt;" : c == '>' ? out += "&gt;" : out += c;
  }
  return out;
}

void write_voc_boxes(const BoxedSet& set, const fs::path& to, const std::string& split) {
  std::string list;
  for (const auto& picture : set.pictures) {
    const fs::path name(flat_name(picture.name));
    const auto stem = name.stem().string();
    std::string xml = text(
        "<annotation>\n\t<folder>{}</folder>\n\t<filename>{}.jpg</filename>\n\t<size>\n\t\t<width>{}</width>\n\t\t<height>{}</"
        "height>\n"
        "\t\t<depth>3</depth>\n\t</size>\n",
        xml_text(fs::absolute(to).filename().string()), xml_text(stem), picture.size.width, picture.size.height);
    for (const auto& box : picture.objects) {
      xml += text(
          "\t<object>\n\t\t<name>{}</name>\n\t\t<difficult>0</difficult>\n\t\t<bndbox>\n\t\t\t<xmin>{}</xmin>\n\t\t\t<ymin>{}</"
          "ymin>\n"
          "\t\t\t<xmax>{}</xmax>\n\t\t\t<ymax>{}</ymax>\n\t\t</bndbox>\n\t</object>\n",
          xml_text(set.classes[static_cast<size_t>(box.label)]), std::llround(box.left) + 1, std::llround(box.top) + 1,
          std::llround(box.right), std::llround(box.bottom));
    }
    copy_picture(picture.file, to / place_of(picture, BoxFormat::VOC, split));
    write_text(to / "Annotations" / (stem + ".xml"), xml + "</annotation>\n");
    list += stem + "\n";
  }
  write_text(to / "ImageSets" / "Main" / (split + ".txt"), list);
}

// The splits that are there.
std::vector<std::string> yolo_parts(const fs::path& root) {
  if (!detail::is_folder(root / "images")) return {};
  return sorted_names(root / "images", Listing::Folders);
}

// Another split that is there already shares data.yaml, and so the numbers of classes; without it nobody knows what they mean.
void check_yolo_classes(const BoxedSet& set, const fs::path& to, const std::string& split) {
  for (const auto& part : yolo_parts(to)) {
    if (part == split) continue;
    const auto there = list_yolo(to, part).classes;
    OPSIS_CHECK(!there.empty() || is_there(to / "data.yaml"),
                "write_boxes: {} has a split \"{}\" without a data.yaml, which was not finished; remove it", to.string(), part);
    OPSIS_CHECK(there.empty() || there == set.classes,
                "write_boxes: {} has a split \"{}\" of other classes; write to another folder", to.string(), part);
  }
}

// Lists the splits that are there and the one that comes.
void write_yolo_yaml(const BoxedSet& set, const fs::path& to, const std::string& split) {
  const auto there = yolo_parts(to);
  std::set<std::string> parts(there.begin(), there.end());
  parts.insert(split);
  std::string yaml = "path: .\n";
  for (const auto& part : parts) yaml += text("{}: images/{}\n", part, part);
  yaml += "names:\n";
  for (size_t i = 0; i < set.classes.size(); ++i) yaml += text("  {}: {}\n", i, Json(set.classes[i]).dump());
  write_text(to / "data.yaml", yaml);
}

void write_yolo_boxes(const BoxedSet& set, const fs::path& to, const std::string& split) {
  check_yolo_classes(set, to, split);
  // Before the first picture: of one that is ended midway, the next split is to know what its numbers mean.
  write_yolo_yaml(set, to, split);
  make_folders(to / "images" / split);
  for (const auto& picture : set.pictures) {
    const fs::path name(flat_name(picture.name));
    const auto height = static_cast<double>(picture.size.height), width = static_cast<double>(picture.size.width);
    std::string lines;
    for (const auto& box : picture.objects) {
      lines += text("{} {} {} {} {}\n", box.label, shortest((box.left + box.right) / 2 / width),
                    shortest((box.top + box.bottom) / 2 / height), shortest((box.right - box.left) / width),
                    shortest((box.bottom - box.top) / height));
    }
    copy_picture(picture.file, to / place_of(picture, BoxFormat::YOLO, split));
    write_text(to / "labels" / split / (name.stem().string() + ".txt"), lines);
  }
}

void check_boxes(const BoxedSet& set, BoxFormat format, const fs::path& to, const std::string& split) {
  OPSIS_CHECK(!split.empty() && split.find('/') == split.npos && split != "." && split != "..",
              "write_boxes: the split must be a plain name, got \"{}\"", split);
  std::set<std::string> names;
  for (const auto& picture : set.pictures) {
    const fs::path path(picture.name);
    OPSIS_CHECK(path.is_relative() && std::find(path.begin(), path.end(), "..") == path.end(),
                "write_boxes: the name \"{}\" leads out of the folder", picture.name);
    if (format == BoxFormat::VOC) {
      OPSIS_CHECK(has_file_allowed_extension(picture.name, {".jpg", ".jpeg"}),
                  "write_boxes: pictures of VOC must be .jpg, got {}", picture.name);
    }
    OPSIS_CHECK(picture.size.height > 0 && picture.size.width > 0, "write_boxes: {} has no size", picture.name);
    std::error_code absent;
    OPSIS_CHECK(!fs::equivalent(picture.file, to / place_of(picture, format, split), absent),
                "write_boxes: {} is read from the folder that is written; write to another one", picture.file.string());
    const auto name = format == BoxFormat::COCO ? picture.name : fs::path(flat_name(picture.name)).stem().string();
    OPSIS_CHECK(names.insert(name).second, "write_boxes: two pictures would get the name \"{}\"", name);
    for (const auto& object : picture.objects) {
      OPSIS_CHECK(object.label >= 0 && object.label < std::ssize(set.classes), "write_boxes: {}: the class {} has no name",
                  picture.name, object.label);
    }
  }
}

}  // namespace

BoxFormat box_format(const std::string& name) {
  if (name == "coco") return BoxFormat::COCO;
  if (name == "voc") return BoxFormat::VOC;
  OPSIS_CHECK(name == "yolo", "box_format: the format must be coco, voc or yolo, got \"{}\"", name);
  return BoxFormat::YOLO;
}

BoxedSet read_boxes(const BoxedSource& source) {
  switch (source.format) {
    case BoxFormat::COCO: return read_coco_boxes(source);
    case BoxFormat::VOC: return read_voc_boxes(source);
    case BoxFormat::YOLO: break;
  }
  return read_yolo_set(source);
}

void write_boxes(const BoxedSet& set, BoxFormat format, const fs::path& to, const std::string& split) {
  // All that can be refused is refused before anything is written.
  check_boxes(set, format, to, split);
  // Splits share a data.yaml: of two that are written at once, the second is to find the classes of the first.
  const FolderLock lock(to);
  switch (format) {
    case BoxFormat::COCO: return write_coco_boxes(set, to, split);
    case BoxFormat::VOC: return write_voc_boxes(set, to, split);
    case BoxFormat::YOLO: return write_yolo_boxes(set, to, split);
  }
}

}  // namespace opsis::inline v1::datasets
