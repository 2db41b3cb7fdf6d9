#include "opsis/datasets/places365.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "opsis/core/check.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/list_index.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

// Brings a list, which comes in the archive of lists.
fs::path places_list(const Places365::Options& options, const Resource& file) {
  const auto archive = text("filelist_places365-{}.tar", options.split.ends_with("challenge") ? "challenge" : "standard");
  const auto half = options.root / ("." + archive + ".extracting");  // what extract_archive leaves when it is killed
  if (options.download) {
    make_once(
        options.root, [&] { return is_intact(file, options.root) && !is_there(half); },
        [&] { fetch_and_extract(resource("Places365", archive), options.root); });
  }
  detail::check_file("Places365", options.root / file.file);  // whose row knows of no download, which is that of the archive
  return options.root / file.file;
}

ClassifiedList list_places365(const Places365::Options& options) {
  const auto& split = options.split;
  detail::check_choice("Places365", "split", split, {"train-standard", "train-challenge", "val", "test"});
  const bool train = split.starts_with("train");
  const std::string variant = split.ends_with("challenge") ? "challenge" : "standard", size = options.small ? "256" : "large";
  const auto images = options.root / (train ? text("data_{}_{}", size, variant) : text("{}_{}", split, size));

  ClassifiedList list;
  const auto& categories = resource("Places365", "categories_places365.txt");
  const auto categories_file = places_list(options, categories);
  check_resource(categories, options.root);
  const TextFile names(categories_file);  // "/a/airfield 0"
  for (size_t i = 0; i < names.size(); ++i) {
    const auto words = names.words(i, 2);
    list.class_to_idx[std::string(words[0])] = names.integer(i, words[1]);
  }
  for (const auto& [name, number] : list.class_to_idx) list.classes.push_back(name);
  const auto stem = train ? "train_" + variant : split;
  const auto& photos = resource("Places365", text("places365_{}.txt", stem));
  const auto photos_file = places_list(options, photos);
  const auto read_photos = [&] {
    check_resource(photos, options.root);
    ListedFiles out;
    const TextFile lines(photos_file);
    for (size_t i = 0; i < lines.size(); ++i) {
      const auto words = lines.words(i, 1);
      out.names.add(words[0].substr(std::min(words[0].find_first_not_of('/'), words[0].size())));
      out.numbers.push_back(words.size() > 1 ? lines.integer(i, words[1]) : -1);
    }
    return out;
  };
  // A list that is as it was when it had the hashes has them.
  const auto hashes = expected_hashes(photos);
  const auto fits = [&](const ListedFiles& photo_list) {
    const auto is_class = [&](int64_t number) { return number >= -1 && number < static_cast<int64_t>(names.size()); };
    return photo_list.numbers.size() == photo_list.names.size() &&
           std::all_of(photo_list.numbers.begin(), photo_list.numbers.end(), is_class);
  };
  list.samples =
      detail::samples_below(images, read_list(photos_file, {.index = options.index,
                                                            .asked = text("Places365 {} {}", hashes.md5, hashes.sha256),
                                                            .fits = fits,
                                                            .read = read_photos}));
  if (options.download) {
    make_once(
        options.root, [&] { return is_there(images); },
        [&] {
          const auto archive = train ? text("train_{}_places365{}.tar", size, variant) : text("{}_{}.tar", split, size);
          fetch_and_extract(resource("Places365", archive), options.root);
          if (train) move_to(options.root / ("data_" + size), images);
        });
  }
  return list;
}

}  // namespace

Places365::Places365(Options options)
    : ClassifiedFiles("Places365", list_places365(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
