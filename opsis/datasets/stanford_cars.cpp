#include "opsis/datasets/stanford_cars.h"

#include "opsis/core/check.h"
#include "opsis/io/mat.h"

namespace opsis::inline v1::datasets {
namespace {

ClassifiedList list_stanford_cars(const StanfordCars::Options& options) {
  detail::check_choice("StanfordCars", "split", options.split, {"train", "test"});
  OPSIS_CHECK(!options.download, "StanfordCars: it cannot be downloaded any more, for its server is gone; put it into {}",
              (options.root / "stanford_cars").string());
  const auto base = options.root / "stanford_cars", kit = base / "devkit";
  const bool train = options.split == "train";
  const auto lists = train ? kit / "cars_train_annos.mat" : base / "cars_test_annos_withlabels.mat";
  const auto images = base / (train ? "cars_train" : "cars_test");
  for (const auto& folder : {kit, images}) detail::check_folder("StanfordCars", folder, "it has to be brought by hand");
  if (!detail::is_file(lists)) {
    raise<NotFoundError>("StanfordCars: {} is not there; it has to be brought by hand", lists.string());
  }

  ClassifiedList list;
  const auto names = io::read_mat(kit / "cars_meta.mat", "class_names");
  for (size_t i = 0; i < names.size(); ++i) list.classes.push_back(names.cell(i).text);
  list.class_to_idx = numbered(list.classes);
  const auto cars = io::read_mat(lists, "annotations");
  for (size_t i = 0; i < cars.size(); ++i) {
    list.samples.emplace_back(images / cars.field(i, "fname").text, cars.field(i, "class").integer(0) - 1);
  }
  return list;
}

}  // namespace

StanfordCars::StanfordCars(Options options)
    : ClassifiedFiles("StanfordCars", list_stanford_cars(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
