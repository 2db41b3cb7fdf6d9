#include "opsis/datasets/oxford_iiit_pet.h"

#include <cctype>
#include <set>
#include <string_view>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

// "great_pyrenees_12" is of the breed "Great Pyrenees": each word as Python's title() has it.
std::string breed_of(std::string_view id) {
  std::string out(id.substr(0, id.rfind('_')));
  bool begins = true;
  for (auto& c : out) {
    const auto letter = static_cast<unsigned char>(c);
    if (c == '_')
      c = ' ';
    else
      c = static_cast<char>(begins ? std::toupper(letter) : std::tolower(letter));
    begins = !std::isalpha(letter);
  }
  return out;
}

}  // namespace

OxfordIIITPet::OxfordIIITPet(Options options) : options_(std::move(options)) {
  detail::check_choice("OxfordIIITPet", "split", options_.split, {"trainval", "test"});
  for (const auto& target : options_.target_types) {
    detail::check_choice("OxfordIIITPet", "target_types", target, {"category", "binary-category", "segmentation"});
    segmentation_ = segmentation_ || target == "segmentation";
  }
  const auto base = options_.root / "oxford-iiit-pet", images = base / "images", annotations = base / "annotations";
  if (options_.download) {
    make_once(
        base, [&] { return detail::is_folder(images) && detail::is_folder(annotations); },
        [&] {
          for (const auto* archive : {"images.tar.gz", "annotations.tar.gz"}) {
            fetch_and_extract(resource("OxfordIIITPet", archive), base);
          }
        });
  }
  detail::check_folder("OxfordIIITPet", images);
  detail::check_folder("OxfordIIITPet", annotations);

  const TextFile lines(annotations / (options_.split + ".txt"));  // "Abyssinian_201 1 1 1": breed, kind, breed within the kind
  std::set<std::pair<int64_t, std::string>> breeds;
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto words = lines.words(i, 4);
    const auto label = lines.integer(i, words[1]) - 1;
    pets_.push_back({std::string(words[0]), label, lines.integer(i, words[2]) - 1});
    breeds.emplace(label, words[0].substr(0, words[0].rfind('_')));
  }
  for (const auto& [label, name] : breeds) classes_.push_back(breed_of(name + "_1"));
}

PetExample OxfordIIITPet::get_placed(size_t index, const transforms::ImagePlace& place) const {
  detail::check_index("OxfordIIITPet", index, size());
  const auto& pet = pets_[index];
  const auto base = options_.root / "oxford-iiit-pet";
  const detail::Picture photo(base / "images" / (pet.id + ".jpg"), io::ImageReadMode::RGB, options_.transforms);
  PetExample out{photo.image(), pet.label, pet.binary_label};
  if (segmentation_) out.segmentation = Mask(plain_loader(base / "annotations" / "trimaps" / (pet.id + ".png")).data);
  return detail::transformed(options_.transforms, std::move(out), {&photo}, place);
}

}  // namespace opsis::inline v1::datasets
