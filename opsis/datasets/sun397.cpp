#include "opsis/datasets/sun397.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

// Whether one comes first where paths are sorted part by part: before any letter comes the end of a part.
bool comes_first_by_parts(std::string_view one, std::string_view other) {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<int>(static_cast<unsigned char>(c)); };
  return std::lexicographical_compare(one.begin(), one.end(), other.begin(), other.end(),
                                      [&](char a, char b) { return rank(a) < rank(b); });
}

ClassifiedList list_sun397(const SUN397::Options& options) {
  const auto folder = options.root / "SUN397";
  if (options.download) {
    make_once(
        options.root, [&] { return detail::is_folder(folder); },
        [&] { fetch_and_extract(resource("SUN397", "SUN397.tar.gz"), options.root); });
  }
  detail::check_folder("SUN397", folder);

  ClassifiedList list;
  const TextFile names(folder / "ClassName.txt");  // "/a/abbey"
  for (size_t i = 0; i < names.size(); ++i)
    list.classes.emplace_back(stripped(names.line(i).substr(std::min<size_t>(3, names.line(i).size()))));
  list.class_to_idx = numbered(list.classes);
  // The folders below are letters, a to z.
  auto files = make_dataset(folder, find_classes(folder).class_to_idx,
                            {.extensions = {".jpg"}, .allow_empty = true, .index = options.index});
  // What is done with a hundred thousand paths is done with their text, for paths take many times as long.
  const auto base = folder.string().size() + 1;
  std::erase_if(files, [](const auto& file) {
    const std::string_view whole = file.first.native(), name = whole.substr(whole.rfind('/') + 1);
    return !name.starts_with("sun_") || !name.ends_with(".jpg");
  });
  std::sort(files.begin(), files.end(), [&](const auto& a, const auto& b) {
    const std::string_view one = a.first.native(), other = b.first.native();
    return comes_first_by_parts(one.substr(base), other.substr(base));
  });
  for (auto& [image, letter] : files) {
    // a/abbey/sun_1.jpg, h/hospital_room/outdoor/sun_2.jpg: what is between the letter and the file
    const std::string_view whole = image.native();
    const std::string inside(whole.substr(base, whole.rfind('/') - base));
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
