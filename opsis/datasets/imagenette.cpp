#include "opsis/datasets/imagenette.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/listed.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/resources.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

struct ImagenetteClass {
  std::string_view wnid;
  std::vector<std::string> names;
};

const std::vector<ImagenetteClass>& imagenette_classes() {
  static const std::vector<ImagenetteClass> classes{
      {"n01440764", {"tench", "Tinca tinca"}},
      {"n02102040", {"English springer", "English springer spaniel"}},
      {"n02979186", {"cassette player"}},
      {"n03000684", {"chain saw", "chainsaw"}},
      {"n03028079", {"church", "church building"}},
      {"n03394916", {"French horn", "horn"}},
      {"n03417042", {"garbage truck", "dustcart"}},
      {"n03425413", {"gas pump", "gasoline pump", "petrol pump", "island dispenser"}},
      {"n03445777", {"golf ball"}},
      {"n03888257", {"parachute", "chute"}}};
  return classes;
}

fs::path imagenette_folder(const Imagenette::Options& options) {
  detail::check_choice("Imagenette", "split", options.split, {"train", "val"});
  detail::check_choice("Imagenette", "size", options.size, {"full", "320px", "160px"});
  const std::string stem = options.size == "full" ? "imagenette2" : "imagenette2-" + options.size.substr(0, 3);
  const auto folder = options.root / stem;
  if (options.download) {
    make_once(
        options.root, [&] { return is_there(folder); },
        [&] { fetch_and_extract(resource("Imagenette", stem + ".tgz"), options.root); });
  }
  detail::check_folder("Imagenette", folder);
  return folder / options.split;
}

ClassifiedList list_imagenette(const Imagenette::Options& options, std::vector<std::string>& wnids) {
  const auto folder = imagenette_folder(options);
  auto list = list_folder(folder, {.extensions = {".jpeg"}, .index = options.index});
  const auto numbers = std::exchange(list.class_to_idx, {});
  wnids = std::exchange(list.classes, {});
  for (const auto& wnid : wnids) {
    const auto& known = imagenette_classes();
    const auto found = std::find_if(known.begin(), known.end(), [&](const auto& row) { return row.wnid == wnid; });
    if (found == known.end()) {
      raise<DecodeError>("Imagenette: {} is none of its classes", (folder / wnid).string());
    }
    for (const auto& name : found->names) list.class_to_idx[name] = numbers.at(wnid);
    list.classes.push_back(listed(found->names));
  }
  return list;
}

}  // namespace

Imagenette::Imagenette(Options options) : Imagenette(std::move(options), {}) {}

Imagenette::Imagenette(Options options, std::vector<std::string> wnids)
    : ClassifiedFiles("Imagenette", list_imagenette(options, wnids), std::move(options.transforms), std::move(options.loader)),
      wnids_(std::move(wnids)) {}

}  // namespace opsis::inline v1::datasets
