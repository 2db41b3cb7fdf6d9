// KITTI: cars, vans and people from a car.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "opsis/datasets/dataset.h"
#include "opsis/datasets/examples.h"
#include "opsis/datasets/options.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::datasets {

/// Streets with what is on them: 7,481 photos to train, 7,518 to test (without annotations: theirs is null, and there are no
/// boxes). 12 GB to download, into root/Kitti/raw.
///     datasets::Kitti streets({.root = "data"});
///     auto example = streets.get(0);   // annotation: [{"type": "Car", "truncated": 0.0, "occluded": 0, "alpha": ..., ...}]
/// Types    boxes float32
/// Throws   NotFoundError when folders are absent and download is false; get throws DecodeError, with the line, for annotations
///          that are not sound
/// Source   torchvision.datasets.Kitti; boxes and labels as its wrap_dataset_for_transforms_v2 makes them
/// Differs  photos are in the order of their names, where torchvision's is that of the file system
class OPSIS_API Kitti final : public Dataset<Detected> {
 public:
  using Options = TrainOptions;
  explicit Kitti(Options options);
  size_t size() const override { return images_.size(); }
  Detected get(size_t index) const override;
  /// {"Car", "Van", ..., "DontCare"}
  static const std::vector<std::string_view>& classes();

 private:
  Options options_;
  std::vector<std::filesystem::path> images_;
};

}  // namespace opsis::inline v1::datasets
