#include "opsis/datasets/fgvc_aircraft.h"

#include "opsis/core/check.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

ClassifiedList list_fgvc_aircraft(const FGVCAircraft::Options& options) {
  const auto& level = options.annotation_level;
  detail::check_choice("FGVCAircraft", "split", options.split, {"train", "val", "trainval", "test"});
  detail::check_choice("FGVCAircraft", "annotation_level", level, {"variant", "family", "manufacturer"});
  const auto base = options.root / "fgvc-aircraft-2013b", folder = base / "data";
  if (options.download) {
    make_once(
        options.root, [&] { return detail::is_folder(base); },
        [&] { fetch_and_extract(resource("FGVCAircraft", "fgvc-aircraft-2013b.tar.gz"), options.root); });
  }
  detail::check_folder("FGVCAircraft", base);

  ClassifiedList list;
  const TextFile names(folder / (level == "family" ? "families.txt" : level + "s.txt"));
  for (size_t i = 0; i < names.size(); ++i) list.classes.emplace_back(stripped(names.line(i)));
  list.class_to_idx = numbered(list.classes);
  const TextFile lines(folder / text("images_{}_{}.txt", level, options.split));
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto line = stripped(lines.line(i));
    const auto space = line.find(' ');
    const auto found =
        space == line.npos ? list.class_to_idx.end() : list.class_to_idx.find(std::string(line.substr(space + 1)));
    if (found == list.class_to_idx.end()) lines.refuse(i, "it must be an image and a known class");
    list.samples.emplace_back(folder / "images" / (std::string(line.substr(0, space)) + ".jpg"), found->second);
  }
  return list;
}

}  // namespace

FGVCAircraft::FGVCAircraft(Options options)
    : ClassifiedFiles("FGVCAircraft", list_fgvc_aircraft(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
