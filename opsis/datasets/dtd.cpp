#include "opsis/datasets/dtd.h"

#include <set>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

ClassifiedList list_dtd(const DTD::Options& options) {
  detail::check_choice("DTD", "split", options.split, {"train", "val", "test"});
  OPSIS_CHECK(options.partition >= 1 && options.partition <= 10, "DTD: partition must be 1 to 10, got {}", options.partition);
  const auto base = options.root / "dtd", folder = base / "dtd";
  if (options.download) {
    make_once(
        base, [&] { return detail::is_folder(folder); },
        [&] { fetch_and_extract(resource("DTD", "dtd-r1.0.1.tar.gz"), base); });
  }
  detail::check_folder("DTD", folder);

  const TextFile lines(folder / "labels" / text("{}{}.txt", options.split, options.partition));
  std::vector<std::pair<std::string, std::filesystem::path>> found;
  std::set<std::string> classes;
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto parts = fields_of(stripped(lines.line(i)), '/');
    if (parts.size() != 2) lines.refuse(i, "it must be class/file");
    found.emplace_back(parts[0], folder / "images" / parts[0] / parts[1]);
    classes.emplace(parts[0]);
  }
  ClassifiedList list{.classes = {classes.begin(), classes.end()}};
  list.class_to_idx = numbered(list.classes);
  for (auto& [name, path] : found) list.samples.emplace_back(std::move(path), list.class_to_idx.at(name));
  return list;
}

}  // namespace

DTD::DTD(Options options)
    : ClassifiedFiles("DTD", list_dtd(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
