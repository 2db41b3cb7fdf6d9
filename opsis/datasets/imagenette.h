// Ten easy classes of ImageNet.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Photos of ten classes of ImageNet; splits train (9,469) and val (3,925), sizes full, 320px and 160px (of the shorter side).
///     datasets::Imagenette photos({.root = "data", .size = "160px", .download = true});
///     photos.class_to_idx().at("tench");   // 0; a class may have several names, which classes() joins by ", "
/// Throws   NotFoundError when the folder is absent and download is false; ValueError for another split or size
/// Source   torchvision.datasets.Imagenette
class OPSIS_API Imagenette final : public ClassifiedFiles {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    std::string size = "full";
    bool download = false;
    transforms::AnyTransform transforms{};
    ImageLoader loader{};  ///< in place of default_loader
    bool index = false;    ///< keep the list of files for the next time, as make_dataset says
  };
  explicit Imagenette(Options options);

  /// WordNet's numbers of the classes: {"n01440764", ...}.
  const std::vector<std::string>& wnids() const { return wnids_; }

 private:
  Imagenette(Options options, std::vector<std::string> wnids);
  std::vector<std::string> wnids_;
};

}  // namespace opsis::inline v1::datasets
