#include "opsis/datasets/sbd.h"

#include <ATen/ops/stack.h>

#include <algorithm>
#include <string_view>

#include "opsis/core/check.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"
#include "opsis/io/mat.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSbdClasses = 20;

std::vector<std::string> sbd_names(const SBDataset::Options& options) {
  detail::check_choice("SBDataset", "image_set", options.image_set, {"train", "val", "train_noval"});
  detail::check_choice("SBDataset", "mode", options.mode, {"segmentation", "boundaries"});
  if (options.download) {
    const auto parts = {"cls", "img", "inst", "train.txt", "val.txt"};
    const auto unpacked = options.root / "benchmark_RELEASE/dataset";
    const auto has = [&](const char* part) { return is_there(options.root / part); };
    make_once(
        options.root, [&] { return std::all_of(parts.begin(), parts.end(), has); },
        [&] {
          for (const auto* part : parts) {
            if (has(part)) continue;
            if (!is_there(unpacked / part)) fetch_and_extract(resource("SBDataset", "benchmark.tgz"), options.root);
            move_to(unpacked / part, options.root / part);
          }
        });
    if (options.image_set == "train_noval") fetch_resource(resource("SBDataset", "train_noval.txt"), options.root);
  }
  detail::check_folder("SBDataset", options.root);
  const TextFile lines(options.root / (options.image_set + ".txt"));
  std::vector<std::string> out;
  for (size_t i = 0; i < lines.size(); ++i) out.emplace_back(stripped(lines.line(i)));
  return out;
}

// One plane of bytes, (H, W).
torch::Tensor mat_plane(const io::MatArray& array) {
  if (array.kind != io::MatKind::Numbers || array.shape.size() != 2) raise<DecodeError>("it is no plane of numbers");
  const auto height = array.shape[0], width = array.shape[1];
  auto out = torch::empty({height, width}, torch::kUInt8);
  auto* to = out.data_ptr<uint8_t>();
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) *to++ = static_cast<uint8_t>(array.integer(static_cast<size_t>(x * height + y)));
  }
  return out;
}

}  // namespace

SBDataset::SBDataset(Options options) : options_(std::move(options)), names_(sbd_names(options_)) {}

Segmented SBDataset::get(size_t index) const {
  detail::check_index("SBDataset", index, size());
  const auto file = options_.root / "cls" / (names_[index] + ".mat");
  const detail::Picture photo(options_.root / "img" / (names_[index] + ".jpg"), io::ImageReadMode::RGB, options_.transforms);
  Segmented out{photo.image(), {}};
  try {
    const auto truth = io::read_mat(file, "GTcls");
    if (options_.mode == "segmentation") {
      out.mask = Mask(mat_plane(truth.field(0, "Segmentation")).unsqueeze(0));
    } else {
      const auto& boundaries = truth.field(0, "Boundaries");
      std::vector<torch::Tensor> planes;
      for (size_t i = 0; i < kSbdClasses; ++i) planes.push_back(mat_plane(boundaries.cell(i)));
      out.mask = Mask(at::stack(planes));
    }
  } catch (const DecodeError& error) {
    raise_because<DecodeError>(error, "SBDataset: {}: ", file.string());
  }
  return detail::transformed(options_.transforms, std::move(out), {&photo});
}

}  // namespace opsis::inline v1::datasets
