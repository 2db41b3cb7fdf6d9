#include "opsis/datasets/widerface.h"

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/disk.h"
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

}  // namespace

WIDERFace::WIDERFace(Options options) : options_(std::move(options)) {
  const auto& split = options_.split;
  detail::check_choice("WIDERFace", "split", split, {"train", "val", "test"});
  const auto base = options_.root / "widerface";
  bring_widerface(base, options_.download);
  const auto lists = base / "wider_face_split", folder = fs::absolute(base / ("WIDER_" + split) / "images");
  if (split == "test") {
    const TextFile names(lists / "wider_face_test_filelist.txt");
    for (size_t i = 0; i < names.size(); ++i) images_.push_back(folder / stripped(names.line(i)));
    faces_.assign(images_.size(), torch::empty({0, kFaceNumbers}, torch::kInt64));
    return;
  }
  // The image, the number of faces, a line a face; without faces, one line of zeros.
  const TextFile lines(lists / ("wider_face_" + split + "_bbx_gt.txt"));
  for (size_t i = 0; i < lines.size();) {
    images_.push_back(folder / stripped(lines.line(i)));
    if (i + 1 >= lines.size()) lines.refuse(i, "the number of faces is missing");
    const auto count = lines.integer(i + 1, lines.line(i + 1));
    i += 2;
    std::vector<int64_t> numbers;
    for (int64_t face = 0; face < std::max<int64_t>(count, 1); ++face, ++i) {
      const auto words = lines.words(i, static_cast<size_t>(kFaceNumbers));
      for (int64_t k = 0; k < kFaceNumbers; ++k) numbers.push_back(lines.integer(i, words[static_cast<size_t>(k)]));
    }
    faces_.push_back(torch::tensor(numbers, torch::kInt64).view({-1, kFaceNumbers}));
  }
}

WIDERFaceExample WIDERFace::get(size_t index) const {
  detail::check_index("WIDERFace", index, size());
  const auto& faces = faces_[index];
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
