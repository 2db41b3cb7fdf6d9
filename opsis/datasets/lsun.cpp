#include "opsis/datasets/lsun.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/picture.h"

namespace opsis::inline v1::datasets {
namespace {

const std::vector<std::string_view>& lsun_kinds() {
  static const std::vector<std::string_view> names{"bedroom",     "bridge",  "church_outdoor", "classroom",  "conference_room",
                                                   "dining_room", "kitchen", "living_room",    "restaurant", "tower"};
  return names;
}

// {"val"} is all kinds; "church_outdoor_val" is one.
std::vector<std::string> lsun_classes(std::vector<std::string> asked) {
  if (asked.size() == 1 && asked[0] == "test") return asked;
  if (asked.size() == 1 && (asked[0] == "train" || asked[0] == "val")) {
    std::vector<std::string> out;
    for (const auto kind : lsun_kinds()) out.push_back(std::string(kind) + "_" + asked[0]);
    return out;
  }
  for (const auto& name : asked) {
    const auto cut = name.rfind('_');
    detail::check_choice("LSUN", "a class without its split", cut == name.npos ? "" : name.substr(0, cut), lsun_kinds());
    detail::check_choice("LSUN", "the split of a class", name.substr(cut + 1), {"train", "val", "test"});
  }
  return asked;
}

io::LmdbFile lsun_database(const LSUNClass::Options& options) {
  const auto file = options.root / "data.mdb";
  if (!detail::is_file(file))
    raise<NotFoundError>("LSUNClass: {} is not there; download it from lsun.cs.princeton.edu", file.string());
  return io::LmdbFile(file, options.index);
}

}  // namespace

LSUNClass::LSUNClass(Options options) : options_(std::move(options)), photos_(lsun_database(options_)) {}

Classified LSUNClass::read(const transforms::AnyTransform& pipeline, size_t index, int64_t label,
                           const transforms::ImagePlace& place) const {
  detail::check_index("LSUNClass", index, size());
  const auto where = text("LSUNClass: {}, photo {}", options_.root.string(), io::as_text(photos_.key(index)));
  const detail::Picture photo(photos_.value(index), io::ImageReadMode::RGB, pipeline, where);
  return detail::transformed(pipeline, Classified{photo.image(), label}, {&photo}, place);
}

LSUN::LSUN(Options options) : transforms_(std::move(options.transforms)), classes_(lsun_classes(std::move(options.classes))) {
  size_t end = 0;
  for (const auto& name : classes_) {
    databases_.emplace_back(LSUNClass::Options{.root = options.root / (name + "_lmdb"), .index = options.index});
    ends_.push_back(end += databases_.back().size());
  }
}

Classified LSUN::get_placed(size_t index, const transforms::ImagePlace& place) const {
  detail::check_index("LSUN", index, size());
  const auto kind = static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin());
  const auto first = kind == 0 ? 0 : ends_[kind - 1];
  return databases_[kind].read(transforms_, index - first, static_cast<int64_t>(kind), place);
}

}  // namespace opsis::inline v1::datasets
