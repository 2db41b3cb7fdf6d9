#include "opsis/datasets/inaturalist.h"

#include <algorithm>
#include <string_view>

#include "opsis/core/check.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRanks[] = {"kingdom", "phylum", "class", "order", "family", "genus"};

// What the archive of a version unpacks to; torchvision strips the letters of ".tar.gz" from the name's end, whichever come.
std::string unpacked_name(std::string_view url) {
  auto name = url.substr(url.rfind('/') + 1);
  while (!name.empty() && std::string_view(".targz").find(name.back()) != std::string_view::npos) name.remove_suffix(1);
  return std::string(name);
}

void bring_inaturalist(const INaturalist::Options& options) {
  const auto folder = options.root / options.version;
  const auto has_content = [&] { return detail::is_folder(folder) && !sorted_names(folder).empty(); };
  if (!options.download) {
    detail::check_folder("INaturalist", folder);
    if (!has_content()) raise<NotFoundError>("INaturalist: {} is empty; pass .download = true", folder.string());
    return;
  }
  make_once(options.root, has_content, [&] {
    const auto& archive = resource("INaturalist", options.version + ".tgz");
    fetch_and_extract(archive, options.root);
    const auto unpacked = options.root / unpacked_name(archive.url);
    if (!is_there(unpacked)) raise<DecodeError>("INaturalist: the archive has no folder {}", unpacked.filename().string());
    move_to(unpacked, folder);
  });
}

}  // namespace

INaturalist::INaturalist(Options options) : options_(std::move(options)) {
  detail::check_choice("INaturalist", "version", options_.version,
                       {"2017", "2018", "2019", "2021_train", "2021_train_mini", "2021_valid"});
  const bool recent = options_.version.starts_with("2021");
  for (const auto& target : options_.target_type) {
    if (recent) {
      detail::check_choice("INaturalist", "target_type", target,
                           {"full", "kingdom", "phylum", "class", "order", "family", "genus"});
    } else {
      detail::check_choice("INaturalist", "target_type", target, {"full", "super"});
    }
  }
  bring_inaturalist(options_);
  recent ? list_2021() : list_before_2021();
  list_photos();
}

// Folders "00042_Animalia_Chordata_...", one a species.
void INaturalist::list_2021() {
  categories_ = sorted_names(options_.root / options_.version);
  for (size_t label = 0; label < categories_.size(); ++label) {
    const auto pieces = fields_of(categories_[label], '_');
    const auto number = zero_padded(static_cast<int64_t>(label), 5);
    if (pieces.size() != 8 || pieces[0] != number) {
      raise<DecodeError>("INaturalist: the folder {} must be {} and seven names, joined by _", categories_[label], number);
    }
    auto& groups = groups_.emplace_back();
    for (size_t rank = 0; rank < std::size(kRanks); ++rank) {
      auto& known = index_[std::string(kRanks[rank])];
      const auto next = static_cast<int64_t>(known.size());
      groups[std::string(kRanks[rank])] = known.emplace(std::string(pieces[rank + 1]), next).first->second;
    }
  }
}

// Folders "super/species"; from 2018 on the species is its number.
void INaturalist::list_before_2021() {
  const auto folder = options_.root / options_.version;
  auto& known = index_["super"];
  size_t next = 0;
  for (const auto& super : sorted_names(folder)) {
    const auto group = static_cast<int64_t>(known.size());
    known[super] = group;
    for (const auto& name : sorted_names(folder / super)) {
      size_t label = next++;
      if (options_.version != "2017") {
        const auto number = integer_of(name);
        if (!number || *number < 0 || *number > 1'000'000) {
          raise<DecodeError>("INaturalist: the folder {} must be a number", (folder / super / name).string());
        }
        label = static_cast<size_t>(*number);
      }
      if (label >= categories_.size()) {
        categories_.resize(label + 1);
        groups_.resize(label + 1);
      }
      if (!groups_[label].empty()) raise<DecodeError>("INaturalist: there are two folders {}", name);
      groups_[label]["super"] = group;
      categories_[label] = (fs::path(super) / name).string();
    }
  }
  for (size_t label = 0; label < groups_.size(); ++label) {
    if (groups_[label].empty()) raise<DecodeError>("INaturalist: the folder of species {} is not there", label);
  }
}

// By species, and then by name.
void INaturalist::list_photos() {
  const auto folder = options_.root / options_.version;
  std::map<std::string, int64_t> labels, tops;
  for (size_t label = 0; label < categories_.size(); ++label) {
    const auto& category = categories_[label];
    labels[(folder / category).string()] = static_cast<int64_t>(label);
    tops[category.substr(0, category.find('/'))] = 0;
  }
  if (tops.empty()) return;
  const auto any_file = std::vector<std::string>{""};
  std::string species;  // of millions of photos, most are of the species of the one before
  auto label = labels.end();
  for (auto& [path, top] : make_dataset(folder, tops, {.extensions = any_file, .allow_empty = true, .index = options_.index})) {
    const std::string_view whole = path.native(), above = whole.substr(0, whole.rfind('/'));
    if (above != species) {
      species = above;
      label = labels.find(species);
    }
    if (label != labels.end()) samples_.emplace_back(std::move(path), label->second);
  }
  const auto by_label = [](const auto& a, const auto& b) { return a.second < b.second; };
  if (!std::is_sorted(samples_.begin(), samples_.end(), by_label)) {
    std::stable_sort(samples_.begin(), samples_.end(), by_label);
  }
}

INaturalistExample INaturalist::get_placed(size_t index, const transforms::ImagePlace& place) const {
  detail::check_index("INaturalist", index, size());
  const auto& [path, label] = samples_[index];
  const detail::Picture photo(path, io::ImageReadMode::UNCHANGED, options_.transforms, {}, options_.loader);
  INaturalistExample out{photo.image(), label};
  for (const auto& target : options_.target_type) {
    out.target.push_back(target == "full" ? label : groups_[static_cast<size_t>(label)].at(target));
  }
  return detail::transformed(options_.transforms, std::move(out), {&photo}, place);
}

std::string INaturalist::category_name(const std::string& category_type, int64_t category_id) const {
  if (category_type == "full") {
    OPSIS_CHECK(category_id >= 0 && category_id < std::ssize(categories_), "INaturalist: there is no species {}", category_id);
    return categories_[static_cast<size_t>(category_id)];
  }
  const auto known = index_.find(category_type);
  OPSIS_CHECK(known != index_.end(), "INaturalist: there is no kind of category \"{}\"", category_type);
  for (const auto& [name, number] : known->second) {
    if (number == category_id) return name;
  }
  raise<ValueError>("INaturalist: there is no {} {}", category_type, category_id);
}

}  // namespace opsis::inline v1::datasets
