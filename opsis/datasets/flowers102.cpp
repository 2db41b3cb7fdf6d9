#include "opsis/datasets/flowers102.h"

#include <string>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"
#include "opsis/io/mat.h"

namespace opsis::inline v1::datasets {
namespace {

// In the order of their numbers, from 1 on.
const std::vector<std::string>& flower_names() {
  static const std::vector<std::string> names{"pink primrose",
                                              "hard-leaved pocket orchid",
                                              "canterbury bells",
                                              "sweet pea",
                                              "english marigold",
                                              "tiger lily",
                                              "moon orchid",
                                              "bird of paradise",
                                              "monkshood",
                                              "globe thistle",
                                              "snapdragon",
                                              "colt's foot",
                                              "king protea",
                                              "spear thistle",
                                              "yellow iris",
                                              "globe-flower",
                                              "purple coneflower",
                                              "peruvian lily",
                                              "balloon flower",
                                              "giant white arum lily",
                                              "fire lily",
                                              "pincushion flower",
                                              "fritillary",
                                              "red ginger",
                                              "grape hyacinth",
                                              "corn poppy",
                                              "prince of wales feathers",
                                              "stemless gentian",
                                              "artichoke",
                                              "sweet william",
                                              "carnation",
                                              "garden phlox",
                                              "love in the mist",
                                              "mexican aster",
                                              "alpine sea holly",
                                              "ruby-lipped cattleya",
                                              "cape flower",
                                              "great masterwort",
                                              "siam tulip",
                                              "lenten rose",
                                              "barbeton daisy",
                                              "daffodil",
                                              "sword lily",
                                              "poinsettia",
                                              "bolero deep blue",
                                              "wallflower",
                                              "marigold",
                                              "buttercup",
                                              "oxeye daisy",
                                              "common dandelion",
                                              "petunia",
                                              "wild pansy",
                                              "primula",
                                              "sunflower",
                                              "pelargonium",
                                              "bishop of llandaff",
                                              "gaura",
                                              "geranium",
                                              "orange dahlia",
                                              "pink-yellow dahlia?",
                                              "cautleya spicata",
                                              "japanese anemone",
                                              "black-eyed susan",
                                              "silverbush",
                                              "californian poppy",
                                              "osteospermum",
                                              "spring crocus",
                                              "bearded iris",
                                              "windflower",
                                              "tree poppy",
                                              "gazania",
                                              "azalea",
                                              "water lily",
                                              "rose",
                                              "thorn apple",
                                              "morning glory",
                                              "passion flower",
                                              "lotus",
                                              "toad lily",
                                              "anthurium",
                                              "frangipani",
                                              "clematis",
                                              "hibiscus",
                                              "columbine",
                                              "desert-rose",
                                              "tree mallow",
                                              "magnolia",
                                              "cyclamen",
                                              "watercress",
                                              "canna lily",
                                              "hippeastrum",
                                              "bee balm",
                                              "ball moss",
                                              "foxglove",
                                              "bougainvillea",
                                              "camellia",
                                              "mallow",
                                              "mexican petunia",
                                              "bromelia",
                                              "blanket flower",
                                              "trumpet creeper",
                                              "blackberry lily"};
  return names;
}

ClassifiedList list_flowers102(const Flowers102::Options& options) {
  detail::check_choice("Flowers102", "split", options.split, {"train", "val", "test"});
  const auto folder = options.root / "flowers-102", images = folder / "jpg";
  const auto &labels_file = resource("Flowers102", "imagelabels.mat"), &splits_file = resource("Flowers102", "setid.mat");
  const auto is_whole = [&] {
    return detail::is_folder(images) && is_intact(labels_file, folder) && is_intact(splits_file, folder);
  };
  if (options.download) {
    make_once(folder, is_whole, [&] {
      fetch_and_extract(resource("Flowers102", "102flowers.tgz"), folder);
      fetch_resource(labels_file, folder);
      fetch_resource(splits_file, folder);
    });
  }
  detail::check_folder("Flowers102", images);
  check_resource(labels_file, folder);
  check_resource(splits_file, folder);

  const auto ids = io::read_mat(folder / splits_file.file, options.split == "train" ? "trnid"
                                                           : options.split == "val" ? "valid"
                                                                                    : "tstid");
  const auto labels = io::read_mat(folder / labels_file.file, "labels");
  ClassifiedList list{.classes = flower_names(), .class_to_idx = numbered(flower_names())};
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto id = ids.integer(i);
    if (id < 1) raise<DecodeError>("Flowers102: {} names the image {}", (folder / splits_file.file).string(), id);
    list.samples.emplace_back(images / ("image_" + zero_padded(id, 5) + ".jpg"),
                              labels.integer(static_cast<size_t>(id - 1)) - 1);
  }
  return list;
}

}  // namespace

Flowers102::Flowers102(Options options)
    : ClassifiedFiles("Flowers102", list_flowers102(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
