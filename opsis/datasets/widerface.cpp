#include "opsis/datasets/widerface.h"

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/entries.h"
#include "opsis/datasets/list_index.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kFaceNumbers = 10;  // left, top, width, height, then six attributes

void bring_widerface(const fs::path& base, bool download) {
  const auto parts = {"WIDER_train", "WIDER_val", "WIDER_test", "wider_face_split"};
  const auto missing = [&] {
    return std::find_if(parts.begin(), parts.end(), [&](const char* part) { return !is_there(base / part); });
  };
  if (download) {
    make_once(
        base, [&] { return missing() == parts.end(); },
        [&] {
          for (const auto& archive : resources("WIDERFace")) fetch_and_extract(archive, base);
        });
  } else if (const auto* part = missing(); part != parts.end()) {
    detail::check_folder("WIDERFace", base / *part);
  }
}

ListedFiles parse_widerface_names(const TextFile& lines) {
  ListedFiles out;
  for (size_t i = 0; i < lines.size(); ++i) out.names.add(stripped(lines.line(i)));
  out.numbers.assign(lines.size(), 0);
  return out;
}

// The images; how many lines of numbers each has; and all of those.
ListedFiles parse_widerface_faces(const TextFile& lines) {
  ListedFiles out;
  std::vector<int64_t> faces;
  // The image, the number of faces, a line a face; without faces, one line of zeros.
  for (size_t i = 0; i < lines.size();) {
    out.names.add(stripped(lines.line(i)));
    if (i + 1 >= lines.size()) lines.refuse(i, "the number of faces is missing");
    const auto count = std::max<int64_t>(lines.integer(i + 1, lines.line(i + 1)), 1);
    i += 2;
    for (int64_t face = 0; face < count; ++face, ++i) {
      const auto words = lines.words(i, static_cast<size_t>(kFaceNumbers));
      for (int64_t k = 0; k < kFaceNumbers; ++k) faces.push_back(lines.integer(i, words[static_cast<size_t>(k)]));
    }
    out.numbers.push_back(count);
  }
  out.numbers.insert(out.numbers.end(), faces.begin(), faces.end());
  return out;
}

bool are_faces_of_images(const ListedFiles& list) {
  if (list.numbers.size() < list.names.size()) return false;
  const auto faces = list.numbers.begin() + std::ssize(list.names);
  auto left = list.numbers.end() - faces;
  for (auto count = list.numbers.begin(); count != faces; ++count) {
    if (*count < 0 || *count > left / kFaceNumbers) return false;
    left -= *count * kFaceNumbers;
  }
  return left == 0;
}

}  // namespace

WIDERFace::WIDERFace(Options options) : options_(std::move(options)) {
  const auto& split = options_.split;
  detail::check_choice("WIDERFace", "split", split, {"train", "val", "test"});
  const auto base = options_.root / "widerface";
  bring_widerface(base, options_.download);
  const auto lists = base / "wider_face_split", folder = fs::absolute(base / ("WIDER_" + split) / "images");
  const auto list = split == "test" ? lists / "wider_face_test_filelist.txt" : lists / ("wider_face_" + split + "_bbx_gt.txt");
  const auto read = [&] {
    return split == "test" ? parse_widerface_names(TextFile(list)) : parse_widerface_faces(TextFile(list));
  };
  const auto all =
      read_list(list, {.index = options_.index, .asked = "WIDERFace " + split, .fits = are_faces_of_images, .read = read});
  const auto images = std::ssize(all.names);
  int64_t end = 0;
  for (int64_t i = 0; i < images; ++i) {
    const auto number = static_cast<size_t>(i);
    images_.emplace_back(joined_path(folder.string(), all.names[number]));
    ends_.push_back(end += all.numbers[number]);
  }
  faces_ = torch::tensor(all.numbers, torch::kInt64).slice(0, images).clone().view({end, kFaceNumbers});
}

WIDERFaceExample WIDERFace::get(size_t index) const {
  detail::check_index("WIDERFace", index, size());
  const auto faces = faces_.slice(0, index == 0 ? 0 : ends_[index - 1], ends_[index]);
  const detail::Picture photo(images_[index], io::ImageReadMode::UNCHANGED, options_.transforms);
  WIDERFaceExample out{.image = photo.image()};
  auto boxes = faces.slice(1, 0, 4).clone();
  boxes.slice(1, 2) += boxes.slice(1, 0, 2);
  out.boxes = BoundingBoxes(boxes, BoundingBoxFormat::XYXY, photo.size());
  torch::Tensor* const attributes[] = {&out.blur, &out.expression, &out.illumination, &out.occlusion, &out.pose, &out.invalid};
  for (int64_t k = 0; k < 6; ++k) *attributes[k] = faces.select(1, 4 + k).clone();
  return detail::transformed(options_.transforms, std::move(out), {&photo});
}

}  // namespace opsis::inline v1::datasets
