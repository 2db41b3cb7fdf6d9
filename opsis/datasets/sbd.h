// Semantic Boundaries: contours and classes for photos of VOC 2011.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "opsis/datasets/dataset.h"
#include "opsis/datasets/examples.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::datasets {

/// Photos with the class of each pixel, mask (1, H, W), or the boundaries of each of 20 classes, mask (20, H, W); image sets
/// train (8,498), val (2,857) and train_noval (5,623, without the photos of VOC's validation). 1.4 GB to download, into `root`
/// itself.
///     datasets::SBDataset photos({.root = "data/sbd", .mode = "segmentation"});
/// Throws   NotFoundError when the folder is absent and download is false; IntegrityError for a download of another hash;
///          ValueError for another set or mode; get throws DecodeError for a file that is not sound; NotBuiltError in a build
///          without zlib
/// Differs  what is there is not downloaded again
/// Source   torchvision.datasets.SBDataset
class OPSIS_API SBDataset final : public Dataset<Segmented> {
 public:
  struct Options {
    std::filesystem::path root;
    std::string image_set = "train";
    std::string mode = "boundaries";
    bool download = false;
    transforms::AnyTransform transforms{};
  };
  explicit SBDataset(Options options);
  size_t size() const override { return names_.size(); }
  Segmented get(size_t index) const override;
  /// The photos' names, without folder and ending.
  const std::vector<std::string>& names() const { return names_; }

 private:
  Options options_;
  std::vector<std::string> names_;
};

}  // namespace opsis::inline v1::datasets
