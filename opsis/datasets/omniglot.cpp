#include "opsis/datasets/omniglot.h"

#include <string>

#include "opsis/datasets/disk.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

ClassifiedList list_omniglot(const Omniglot::Options& options) {
  const auto base = options.root / "omniglot-py";
  const std::string part = options.background ? "images_background" : "images_evaluation";
  const auto& archive = resource("Omniglot", part + ".zip");
  if (options.download) {
    make_once(
        base, [&] { return is_intact(archive, base) && detail::is_folder(base / part); },
        [&] { fetch_and_extract(archive, base); });
  }
  check_resource(archive, base);

  ClassifiedList list;
  for (const auto& alphabet : sorted_names(base / part, Listing::Folders)) {
    for (const auto& character : sorted_names(base / part / alphabet, Listing::Folders)) {
      const auto folder = base / part / alphabet / character;
      for (const auto& name : sorted_names(folder, Listing::Files)) {
        if (name.ends_with(".png")) list.samples.emplace_back(folder / name, static_cast<int64_t>(list.classes.size()));
      }
      list.classes.push_back(alphabet + "/" + character);
    }
  }
  list.class_to_idx = numbered(list.classes);
  return list;
}

}  // namespace

Omniglot::Omniglot(Options options)
    : ClassifiedFiles("Omniglot", list_omniglot(options), std::move(options.transforms),
                      options.loader ? std::move(options.loader) : ImageLoader(gray_loader)) {}

}  // namespace opsis::inline v1::datasets
