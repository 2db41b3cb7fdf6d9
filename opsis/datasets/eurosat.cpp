#include "opsis/datasets/eurosat.h"

#include "opsis/datasets/disk.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/resources.h"

namespace opsis::inline v1::datasets {
namespace {

ClassifiedList list_eurosat(const EuroSAT::Options& options) {
  const auto base = options.root / "eurosat", folder = base / "2750";
  if (options.download) {
    make_once(
        base, [&] { return detail::is_folder(folder); }, [&] { fetch_and_extract(resource("EuroSAT", "EuroSAT.zip"), base); });
  }
  detail::check_folder("EuroSAT", folder);
  return list_folder(folder, {.extensions = image_extensions(), .index = options.index});
}

}  // namespace

EuroSAT::EuroSAT(Options options)
    : ClassifiedFiles("EuroSAT", list_eurosat(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
