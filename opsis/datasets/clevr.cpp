#include "opsis/datasets/clevr.h"

#include <string>
#include <string_view>
#include <unordered_map>

#include "opsis/core/check.h"
#include "opsis/datasets/clevr_scenes.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/list_index.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

ClassifiedList list_clevr(const CLEVRClassification::Options& options) {
  detail::check_choice("CLEVRClassification", "split", options.split, {"train", "val", "test"});
  const auto base = options.root / "clevr", folder = base / "CLEVR_v1.0";
  if (options.download) {
    make_once(
        base, [&] { return detail::is_folder(folder); },
        [&] { fetch_and_extract(resource("CLEVRClassification", "CLEVR_v1.0.zip"), base); });
  }
  detail::check_folder("CLEVRClassification", folder);

  const auto scenes = folder / "scenes" / text("CLEVR_{}_scenes.json", options.split);
  const auto counted = [&] {
    ListedFiles out;
    for (const auto& [name, objects] : clevr_objects(scenes)) {
      out.names.add(name);
      out.numbers.push_back(objects);
    }
    return out;
  };
  const auto fits = [](const ListedFiles& list) { return list.numbers.size() == list.names.size(); };
  ListedFiles known;
  if (options.split != "test") {
    known = read_list(scenes, {.index = options.index, .asked = "CLEVRClassification", .fits = fits, .read = counted});
  }
  std::unordered_map<std::string_view, int64_t> objects;
  for (size_t i = 0; i < known.names.size(); ++i) objects[known.names[i]] = known.numbers[i];

  ListedFiles pictures;
  const auto images = folder / "images" / options.split;
  for (const auto& name : sorted_names(images)) {
    const auto found = objects.find(name);
    if (found == objects.end() && options.split != "test") {
      raise<DecodeError>("CLEVRClassification: {} does not tell of {}", scenes.string(), name);
    }
    pictures.names.add(name);
    pictures.numbers.push_back(found == objects.end() ? -1 : found->second);
  }
  return {.samples = detail::samples_below(images, pictures)};
}

}  // namespace

CLEVRClassification::CLEVRClassification(Options options)
    : ClassifiedFiles("CLEVRClassification", list_clevr(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
