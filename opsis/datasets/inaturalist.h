// Plants, animals and fungi by species.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// A photo, its species, and the numbers of the groups that this belongs to.
struct INaturalistExample {
  using Batch = ClassifiedBatch;
  Image image;
  int64_t label = 0;              ///< the species, "full" in torchvision
  std::vector<int64_t> target{};  ///< what target_type asks for, in its order
  auto fields() { return std::tie(image, label, target); }
};

/// Photos of species; versions 2017, 2018, 2019, 2021_train, 2021_train_mini and 2021_valid. Targets: full (the species) and,
/// of 2021, kingdom, phylum, class, order, family and genus, else super.
///     datasets::INaturalist photos({.root = "data", .version = "2021_valid", .target_type = {"full", "family"}});
///     photos.category_name("family", 3);
/// Throws   NotFoundError when the folder is absent or empty and download is false; DecodeError for folders whose names are not
///          sound; ValueError for another version or target
/// Differs  photos of a species are in the order of their names, where torchvision's is that of the file system
/// Source   torchvision.datasets.INaturalist
class OPSIS_API INaturalist final : public Dataset<INaturalistExample>, public PlacedSource<INaturalistExample> {
 public:
  struct Options {
    std::filesystem::path root;
    std::string version = "2021_train";
    std::vector<std::string> target_type{"full"};
    transforms::AnyTransform transforms{};
    bool download = false;
    ImageLoader loader{};  ///< in place of plain_loader
    bool index = false;    ///< keep the list of files for the next time, as make_dataset says
  };
  explicit INaturalist(Options options);
  size_t size() const override { return samples_.size(); }
  INaturalistExample get(size_t index) const override { return get_placed(index, {}); }
  INaturalistExample get_placed(size_t index, const transforms::ImagePlace& place) const override;

  /// The folders of the species.
  const std::vector<std::string>& all_categories() const { return categories_; }
  /// The name of a group, or of a species for "full".
  /// Throws   ValueError for a kind or number that is not there
  std::string category_name(const std::string& category_type, int64_t category_id) const;

 private:
  void list_2021();
  void list_before_2021();
  void list_photos();

  Options options_;
  std::vector<std::string> categories_;
  std::map<std::string, std::map<std::string, int64_t>> index_;  // kind, name: number
  std::vector<std::map<std::string, int64_t>> groups_;           // of each species, kind: number
  std::vector<FolderSample> samples_;
};

}  // namespace opsis::inline v1::datasets
