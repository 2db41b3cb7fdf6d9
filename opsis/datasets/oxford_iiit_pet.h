// Cats and dogs by breed.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "opsis/datasets/classified.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::datasets {

/// A pet, its breed and kind and, when asked for, its outline.
/// Shapes   segmentation (1, H, W) uint8: 1 the pet, 2 around it, 3 between
struct PetExample {
  using Batch = ClassifiedBatch;
  Image image;
  int64_t label = 0;         ///< one of 37 breeds
  int64_t binary_label = 0;  ///< 0 a cat, 1 a dog
  std::optional<Mask> segmentation{};
  auto fields() { return std::tie(image, label, binary_label, segmentation); }
};

/// Photos of pets; splits trainval (3,680) and test (3,669). 810 MB to download, into root/oxford-iiit-pet.
///     datasets::OxfordIIITPet pets({.root = "data", .target_types = {"category", "segmentation"}});
///     pets.classes()[0];   // "Abyssinian"
/// Throws   NotFoundError when folders are absent and download is false; DecodeError, with the line, for a list that is not
///          sound; ValueError for another split or target
/// Source   torchvision.datasets.OxfordIIITPet
class OPSIS_API OxfordIIITPet final : public Dataset<PetExample>, public PlacedSource<PetExample> {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "trainval";
    std::vector<std::string> target_types{
        "category"};  ///< category, binary-category, segmentation; only the last costs anything
    transforms::AnyTransform transforms{};
    bool download = false;
  };
  explicit OxfordIIITPet(Options options);
  size_t size() const override { return pets_.size(); }
  PetExample get(size_t index) const override { return get_placed(index, {}); }
  PetExample get_placed(size_t index, const transforms::ImagePlace& place) const override;
  const std::vector<std::string>& classes() const { return classes_; }
  std::map<std::string, int64_t> class_to_idx() const { return numbered(classes_); }
  /// {"Cat", "Dog"}
  static std::vector<std::string> bin_classes() { return {"Cat", "Dog"}; }

 private:
  struct Pet {
    std::string id;
    int64_t label, binary_label;
  };
  Options options_;
  bool segmentation_ = false;
  std::vector<std::string> classes_;
  std::vector<Pet> pets_;
};

}  // namespace opsis::inline v1::datasets
