#include "opsis/datasets/country211.h"

#include "opsis/datasets/disk.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/resources.h"

namespace opsis::inline v1::datasets {
namespace {

ClassifiedList list_country211(const Country211::Options& options) {
  detail::check_choice("Country211", "split", options.split, {"train", "valid", "test"});
  const auto base = options.root / "country211";
  if (options.download) {
    make_once(
        options.root, [&] { return detail::is_folder(base); },
        [&] { fetch_and_extract(resource("Country211", "country211.tgz"), options.root); });
  }
  detail::check_folder("Country211", base);
  return list_folder(base / options.split, {.extensions = image_extensions(), .index = options.index});
}

}  // namespace

Country211::Country211(Options options)
    : ClassifiedFiles("Country211", list_country211(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
