#include "opsis/datasets/pcam.h"

#include <ATen/ops/from_blob.h>

#include <utility>

#include "opsis/core/check.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/resources.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

// Of "x", the images, or "y", the labels.
fs::path pcam_file(const PCAM::Options& options, const std::string& part) {
  return options.root / "pcam" /
         ("camelyonpatch_level_2_split_" + (options.split == "val" ? "valid" : options.split) + "_" + part + ".h5");
}

io::Hdf5Array pcam_images(const PCAM::Options& options) {
  detail::check_choice("PCAM", "split", options.split, {"train", "test", "val"});
  const fs::path parts[] = {pcam_file(options, "x"), pcam_file(options, "y")};
  const auto there = [&] { return detail::is_file(parts[0]) && detail::is_file(parts[1]); };
  if (options.download) {
    const auto folder = options.root / "pcam";
    make_once(folder, there, [&] {
      for (const auto& part : parts) fetch_and_extract(resource("PCAM", part.filename().string() + ".gz"), folder);
    });
  }
  for (const auto& part : parts) detail::check_file("PCAM", part);
  io::Hdf5Array images(parts[0], "x");
  const auto& shape = images.shape();
  if (shape.size() != 4 || shape[3] != 3 || images.width() != 1) {
    raise<DecodeError>("PCAM: {} must hold bytes of shape (N, H, W, 3)", parts[0].string());
  }
  return images;
}

}  // namespace

PCAM::PCAM(Options options) : transforms_(options.transforms), images_(pcam_images(options)) {
  const auto file = pcam_file(options, "y");
  const io::Hdf5Array labels(file, "y");
  const auto& shape = labels.shape();
  if (shape != std::vector<int64_t>{images_.shape()[0], 1, 1, 1}) {
    raise<DecodeError>("PCAM: {} must hold {} numbers, one an image", file.string(), images_.shape()[0]);
  }
  labels_ = labels.integers(0, shape[0]);
}

Classified PCAM::get(size_t index) const {
  detail::check_index("PCAM", index, size());
  auto bytes = images_.rows(static_cast<int64_t>(index), 1);
  const auto& shape = images_.shape();
  const auto pixels = at::from_blob(bytes.data(), {shape[1], shape[2], 3}, torch::kUInt8).permute({2, 0, 1});
  return transforms_(Classified{Image(pixels.clone(torch::MemoryFormat::Contiguous)), labels_[index]});
}

}  // namespace opsis::inline v1::datasets
