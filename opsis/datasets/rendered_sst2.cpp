#include "opsis/datasets/rendered_sst2.h"

#include "opsis/datasets/disk.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/resources.h"

namespace opsis::inline v1::datasets {
namespace {

ClassifiedList list_rendered_sst2(const RenderedSST2::Options& options) {
  detail::check_choice("RenderedSST2", "split", options.split, {"train", "val", "test"});
  const auto folder = options.root / "rendered-sst2" / (options.split == "val" ? "valid" : options.split);
  if (options.download) {
    make_once(
        options.root, [&] { return detail::is_folder(folder / "negative") && detail::is_folder(folder / "positive"); },
        [&] { fetch_and_extract(resource("RenderedSST2", "rendered-sst2.tgz"), options.root); });
  }
  for (const auto* kind : {"negative", "positive"}) detail::check_folder("RenderedSST2", folder / kind);
  return list_folder(folder, {.extensions = {"png"}, .index = options.index});
}

}  // namespace

RenderedSST2::RenderedSST2(Options options)
    : ClassifiedFiles("RenderedSST2", list_rendered_sst2(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
