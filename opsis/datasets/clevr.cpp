#include "opsis/datasets/clevr.h"

#include <string>
#include <unordered_map>

#include "opsis/core/check.h"
#include "opsis/datasets/clevr_scenes.h"
#include "opsis/datasets/disk.h"
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
  std::unordered_map<std::string, int64_t> objects;
  if (options.split != "test") objects = clevr_objects(scenes);
  ClassifiedList list;
  const auto images = folder / "images" / options.split;
  for (const auto& name : sorted_names(images)) {
    const auto found = objects.find(name);
    if (found == objects.end() && options.split != "test") {
      raise<DecodeError>("CLEVRClassification: {} does not tell of {}", scenes.string(), name);
    }
    list.samples.emplace_back(images / name, found == objects.end() ? -1 : found->second);
  }
  return list;
}

}  // namespace

CLEVRClassification::CLEVRClassification(Options options)
    : ClassifiedFiles("CLEVRClassification", list_clevr(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
