#include "opsis/datasets/sun397.h"

#include <algorithm>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

ClassifiedList list_sun397(const SUN397::Options& options) {
  const auto folder = options.root / "SUN397";
  const FolderLock lock(options.root, options.download);
  if (options.download && !detail::is_folder(folder)) fetch_and_extract(resource("SUN397", "SUN397.tar.gz"), options.root);
  detail::check_folder("SUN397", folder);

  ClassifiedList list;
  const TextFile names(folder / "ClassName.txt");  // "/a/abbey"
  for (size_t i = 0; i < names.size(); ++i)
    list.classes.emplace_back(stripped(names.line(i).substr(std::min<size_t>(3, names.line(i).size()))));
  list.class_to_idx = numbered(list.classes);
  std::vector<fs::path> images;
  std::error_code failed;
  for (fs::recursive_directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    const auto name = entry->path().filename().string();
    if (name.starts_with("sun_") && name.ends_with(".jpg")) images.push_back(entry->path());
  }
  if (failed) raise<IoError>("SUN397: cannot read the folder {}: {}", folder.string(), failed.message());
  std::sort(images.begin(), images.end());
  for (auto& image : images) {
    // a/abbey/sun_1.jpg, h/hospital_room/outdoor/sun_2.jpg: what is between the letter and the file
    const auto inside = image.parent_path().lexically_relative(folder).string();
    const auto found = list.class_to_idx.find(inside.substr(std::min(inside.find('/'), inside.size() - 1) + 1));
    if (found == list.class_to_idx.end()) raise<DecodeError>("SUN397: {} is in the folder of no class", image.string());
    list.samples.emplace_back(std::move(image), found->second);
  }
  return list;
}

}  // namespace

SUN397::SUN397(Options options)
    : ClassifiedFiles("SUN397", list_sun397(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
