#include "opsis/datasets/caltech.h"

#include <ATen/ops/from_blob.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/datasets/archive.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"
#include "opsis/io/mat.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

// Some categories have another name among the outlines.
std::string outline_folder(const std::string& category) {
  if (category == "Faces") return "Faces_2";
  if (category == "Faces_easy") return "Faces_3";
  if (category == "Motorbikes") return "Motorbikes_16";
  return category == "airplanes" ? "Airplanes_Side_2" : category;
}

bool wants(const std::vector<std::string>& targets, const char* target) {
  return std::find(targets.begin(), targets.end(), target) != targets.end();
}

torch::Tensor contour_of(const fs::path& file) {
  auto array = io::read_mat(file, "obj_contour");
  if (array.kind != io::MatKind::Numbers || array.shape.size() != 2 || array.type != io::MatType::Float64) {
    raise<DecodeError>("Caltech101: {}: obj_contour must be rows of doubles", file.string());
  }
  return at::from_blob(array.bytes.data(), {array.shape[1], array.shape[0]}, torch::kFloat64)
      .t()
      .clone(torch::MemoryFormat::Contiguous);
}

ClassifiedList list_caltech256(const Caltech256::Options& options) {
  const auto base = options.root / "caltech256", folder = base / "256_ObjectCategories";
  if (options.download) {
    make_once(
        base, [&] { return is_there(folder); },
        [&] { fetch_and_extract(resource("Caltech256", "256_ObjectCategories.tar"), base); });
  }
  detail::check_folder("Caltech256", folder);
  ClassifiedList list;
  list.classes = sorted_names(folder);
  list.class_to_idx = numbered(list.classes);
  for (int64_t label = 0; label < std::ssize(list.classes); ++label) {
    const auto& category = list.classes[static_cast<size_t>(label)];
    const auto names = sorted_names(folder / category);
    const auto count = std::count_if(names.begin(), names.end(), [](const auto& name) { return name.ends_with(".jpg"); });
    for (int64_t number = 1; number <= count; ++number) {
      list.samples.emplace_back(folder / category / (zero_padded(label + 1, 3) + "_" + zero_padded(number, 4) + ".jpg"), label);
    }
  }
  return list;
}

void bring_caltech101(const fs::path& base, const fs::path& folder) {
  const auto& archive = resource("Caltech101", "caltech-101.zip");
  const auto unpack = [&] {
    fetch_and_extract(archive, base);
    // Annotations before 101_ObjectCategories, which tells later that all is there. They are in a plain .tar, which torchvision
    // passes over.
    auto names = sorted_names(base / "caltech-101");
    std::reverse(names.begin(), names.end());
    for (const auto& name : names) {
      if (name.ends_with(".gz") || name.ends_with(".tar")) extract_archive(base / "caltech-101" / name, base);
    }
    remove_tree(base / "caltech-101");
    remove_tree(base / archive.file);
  };
  // While the archive is there, something is left to do.
  make_once(
      base, [&] { return is_there(folder) && !is_there(base / archive.file); }, unpack);
}

}  // namespace

Caltech101::Caltech101(Options options) : options_(std::move(options)) {
  for (const auto& target : options_.target_type) {
    detail::check_choice("Caltech101", "target_type", target, {"category", "annotation"});
  }
  OPSIS_CHECK(!options_.target_type.empty(), "Caltech101: target_type must name at least one target");
  const auto base = options_.root / "caltech101", folder = base / "101_ObjectCategories";
  if (options_.download) bring_caltech101(base, folder);
  detail::check_folder("Caltech101", folder);
  categories_ = sorted_names(folder);
  std::erase(categories_, "BACKGROUND_Google");
  for (int64_t label = 0; label < std::ssize(categories_); ++label) {
    const auto count = std::ssize(sorted_names(folder / categories_[static_cast<size_t>(label)]));
    for (int64_t number = 1; number <= count; ++number) samples_.push_back({label, number});
  }
}

CaltechExample Caltech101::get_placed(size_t index, const transforms::ImagePlace& place) const {
  detail::check_index("Caltech101", index, size());
  const auto [label, number] = samples_[index];
  const auto base = options_.root / "caltech101";
  const auto& category = categories_[static_cast<size_t>(label)];
  const detail::Picture photo(base / "101_ObjectCategories" / category / ("image_" + zero_padded(number, 4) + ".jpg"),
                              io::ImageReadMode::UNCHANGED, options_.transforms);
  CaltechExample out{photo.image(), label};
  if (wants(options_.target_type, "annotation")) {
    out.contour =
        contour_of(base / "Annotations" / outline_folder(category) / ("annotation_" + zero_padded(number, 4) + ".mat"));
  }
  return detail::transformed(options_.transforms, std::move(out), {&photo}, place);
}

Caltech256::Caltech256(Options options)
    : ClassifiedFiles("Caltech256", list_caltech256(options), std::move(options.transforms), plain_loader) {}

}  // namespace opsis::inline v1::datasets
