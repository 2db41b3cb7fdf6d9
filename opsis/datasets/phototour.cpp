#include "opsis/datasets/phototour.h"

#include <ATen/ops/stack.h>

#include <algorithm>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/datasets/archive.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"
#include "opsis/hub/checkpoint.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPatchSide = 64;

struct TourKind {
  std::string_view name;
  double mean, std;
  size_t patches;
};
constexpr TourKind kTours[] = {{"liberty", 0.4437, 0.2019, 450092},   {"liberty_harris", 0.4437, 0.2019, 379587},
                               {"notredame", 0.4854, 0.1864, 468159}, {"notredame_harris", 0.4854, 0.1864, 325295},
                               {"yosemite", 0.4844, 0.1818, 633587},  {"yosemite_harris", 0.4844, 0.1818, 450912}};

const TourKind& tour_of(std::string_view name) {
  return *std::find_if(std::begin(kTours), std::end(kTours), [&](const auto& row) { return row.name == name; });
}

torch::Tensor read_patches(const fs::path& folder, size_t most) {
  std::vector<torch::Tensor> patches;
  for (const auto& name : sorted_names(folder)) {
    if (!name.ends_with("bmp")) continue;
    const auto sheet = gray_loader(folder / name).data[0];
    for (int64_t y = 0; y + kPatchSide <= sheet.size(0); y += kPatchSide) {
      for (int64_t x = 0; x + kPatchSide <= sheet.size(1) && patches.size() < most; x += kPatchSide) {
        patches.push_back(sheet.slice(0, y, y + kPatchSide).slice(1, x, x + kPatchSide));
      }
    }
  }
  if (patches.empty()) raise<NotFoundError>("PhotoTour: there are no patches in {}", folder.string());
  return at::stack(patches);
}

torch::Tensor read_points(const fs::path& file) {
  const TextFile lines(file);
  std::vector<int64_t> out;
  for (size_t i = 0; i < lines.size(); ++i) out.push_back(lines.integer(i, lines.words(i, 1)[0]));
  return torch::tensor(out, torch::kInt64);
}

// Two patches and whether their points are one.
torch::Tensor read_matches(const fs::path& file) {
  const TextFile lines(file);
  std::vector<int64_t> out;
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto words = lines.words(i, 5);
    out.insert(out.end(), {lines.integer(i, words[0]), lines.integer(i, words[3]), words[1] == words[4] ? 1 : 0});
  }
  return torch::tensor(out, torch::kInt64).view({-1, 3});
}

}  // namespace

PhotoTour::PhotoTour(Options options) : options_(std::move(options)) {
  std::vector<std::string_view> names;
  for (const auto& row : kTours) names.push_back(row.name);
  detail::check_choice("PhotoTour", "name", options_.name, names);
  const auto folder = options_.root / options_.name, cache = options_.root / (options_.name + ".pt");
  const auto make_cache = [&] {
    // An archive that is still there was not unpacked to the end.
    const auto& archive = resource("PhotoTour", options_.name + ".zip");
    if (options_.download && (!is_there(folder) || is_there(options_.root / archive.file))) {
      extract_archive(fetch_resource(archive, options_.root), folder, {.remove_finished = true});
    }
    detail::check_folder("PhotoTour", folder);
    hub::save(cache, hub::Value::tuple({read_patches(folder, tour_of(options_.name).patches), read_points(folder / "info.txt"),
                                        read_matches(folder / "m50_100000_100000_0.txt")}));
  };
  const auto is_made = [&] { return is_there(cache); };
  if (options_.download) {
    make_once(options_.root, is_made, make_cache);
  } else if (!is_made()) {
    make_cache();
  }
  const auto parts = hub::load(cache);
  data_ = parts.get<torch::Tensor>(0);
  labels_ = parts.get<torch::Tensor>(1);
  matches_ = parts.get<torch::Tensor>(2);
  const bool plain = hub::is_plain(data_) && hub::is_plain(labels_) && hub::is_plain(matches_);
  const bool sound =
      plain && data_.dim() == 3 && matches_.dim() == 2 && matches_.size(1) == 3 && matches_.scalar_type() == torch::kInt64;
  const auto pairs = sound ? matches_.slice(1, 0, 2) : torch::Tensor();
  if (!sound || (pairs.numel() > 0 && (pairs.min().item<int64_t>() < 0 || pairs.max().item<int64_t>() >= data_.size(0)))) {
    raise<DecodeError>("PhotoTour: {} is not sound; remove it, and it is made anew", cache.string());
  }
}

size_t PhotoTour::size() const { return static_cast<size_t>(options_.train ? data_.size(0) : matches_.size(0)); }

ImagePair PhotoTour::get(size_t index) const {
  detail::check_index("PhotoTour", index, size());
  const auto i = static_cast<int64_t>(index);
  const auto patch = [&](int64_t number) { return Image(data_[number].clone()); };
  if (options_.train) {
    ImagePair out{options_.transforms(patch(i)), {}, 0};
    return out;
  }
  const auto match = matches_[i].contiguous();
  const auto* row = match.data_ptr<int64_t>();
  return options_.transforms(ImagePair{patch(row[0]), patch(row[1]), row[2]});
}

double PhotoTour::mean() const { return tour_of(options_.name).mean; }
double PhotoTour::std() const { return tour_of(options_.name).std; }

}  // namespace opsis::inline v1::datasets
