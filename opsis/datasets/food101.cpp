#include "opsis/datasets/food101.h"

#include <algorithm>

#include "opsis/datasets/disk.h"
#include "opsis/datasets/json_file.h"
#include "opsis/datasets/resources.h"

namespace opsis::inline v1::datasets {
namespace {

ClassifiedList list_food101(const Food101::Options& options) {
  detail::check_choice("Food101", "split", options.split, {"train", "test"});
  const auto folder = options.root / "food-101";
  if (options.download) {
    make_once(
        options.root, [&] { return detail::is_folder(folder / "meta") && detail::is_folder(folder / "images"); },
        [&] { fetch_and_extract(resource("Food101", "food-101.tar.gz"), options.root); });
  }
  for (const auto* part : {"meta", "images"}) detail::check_folder("Food101", folder / part);

  // {"apple_pie": ["apple_pie/1005649", ...], ...}
  return read_json(folder / "meta" / (options.split + ".json"), [&](const Json& file) {
    ClassifiedList list;
    for (const auto& [name, images] : file.members()) list.classes.push_back(name);
    std::sort(list.classes.begin(), list.classes.end());
    list.class_to_idx = numbered(list.classes);
    for (const auto& [name, images] : file.members()) {
      for (const auto& image : images.items()) {
        list.samples.emplace_back(folder / "images" / (image.text() + ".jpg"), list.class_to_idx.at(name));
      }
    }
    return list;
  });
}

}  // namespace

Food101::Food101(Options options)
    : ClassifiedFiles("Food101", list_food101(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
