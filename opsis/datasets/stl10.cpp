#include "opsis/datasets/stl10.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::datasets {
namespace {

constexpr int64_t kStlSide = 96;

// Images lie column after column.
torch::Tensor stl_images(const std::filesystem::path& path) {
  auto bytes = io::read_bytes(path);
  constexpr size_t one = 3 * kStlSide * kStlSide;
  if (bytes.size() % one != 0) raise<DecodeError>("STL10: {} is not of whole images ({} bytes)", path.string(), bytes.size());
  return at::from_blob(bytes.data(), {static_cast<int64_t>(bytes.size() / one), 3, kStlSide, kStlSide}, torch::kUInt8)
      .transpose(2, 3)
      .clone(torch::MemoryFormat::Contiguous);
}

torch::Tensor stl_labels(const std::filesystem::path& path) {
  auto bytes = io::read_bytes(path);
  // 1 to 10 in the file. As NumPy's bytes: 0 becomes 255.
  return (at::from_blob(bytes.data(), {static_cast<int64_t>(bytes.size())}, torch::kUInt8) - 1).to(torch::kInt64);
}

ClassifiedPixels load_stl10(const STL10::Options& options) {
  const auto& split = options.split;
  detail::check_choice("STL10", "split", split, {"train", "train+unlabeled", "unlabeled", "test"});
  const auto fold = options.folds.value_or(0);
  OPSIS_CHECK(fold >= 0 && fold < 10, "STL10: folds must be 0 to 9, got {}", fold);
  const auto folder = options.root / "stl10_binary";
  const auto files = {"train_X.bin", "train_y.bin", "unlabeled_X.bin", "test_X.bin", "test_y.bin"};
  if (options.download) {
    const auto is_whole = [&](const char* file) { return is_intact(resource("STL10", file), folder); };
    make_once(
        options.root, [&] { return std::all_of(files.begin(), files.end(), is_whole); },
        [&] { fetch_and_extract(resource("STL10", "stl10_binary.tar.gz"), options.root); });
  }
  for (const auto* file : files) check_resource(resource("STL10", file), folder);

  std::vector<torch::Tensor> images, labels;
  if (split != "unlabeled") {
    const std::string part = split == "test" ? "test" : "train";
    images.push_back(stl_images(folder / (part + "_X.bin")));
    labels.push_back(stl_labels(folder / (part + "_y.bin")));
  }
  if (split.starts_with("train") && options.folds) {
    const TextFile folds(folder / "fold_indices.txt");
    const auto line = static_cast<size_t>(fold);
    std::vector<int64_t> chosen;
    for (const auto word : folds.words(line)) {
      chosen.push_back(folds.integer(line, word));
      if (chosen.back() < 0 || chosen.back() >= images[0].size(0)) folds.refuse(line, "it names an image that is not there");
    }
    const auto index = torch::tensor(chosen, torch::kInt64);
    images[0] = images[0].index_select(0, index);
    labels[0] = labels[0].index_select(0, index);
  }
  if (split.ends_with("unlabeled")) {
    images.push_back(stl_images(folder / "unlabeled_X.bin"));
    labels.push_back(at::full({images.back().size(0)}, -1, torch::kInt64));
  }
  ClassifiedPixels out{at::cat(images), at::cat(labels), {}};
  if (const auto names = folder / "class_names.txt"; detail::is_file(names)) {
    const TextFile lines(names);
    for (size_t i = 0; i < lines.size(); ++i) out.classes.emplace_back(lines.line(i));
  }
  return out;
}

}  // namespace

STL10::STL10(Options options) : ClassifiedImages("STL10", load_stl10(options), std::move(options.transforms)) {}

}  // namespace opsis::inline v1::datasets
