// Faces in crowds.
#pragma once

#include <filesystem>
#include <tuple>
#include <vector>

#include "opsis/datasets/dataset.h"
#include "opsis/datasets/options.h"
#include "opsis/transforms/transform.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::datasets {

/// A photo and its faces. SanitizeBoundingBoxes takes along what is known of each.
/// Shapes   boxes (N, 4) int64, the others (N) int64; N is 0 in the test split
struct WIDERFaceExample {
  Image image;
  BoundingBoxes boxes{};
  torch::Tensor blur{}, expression{}, illumination{}, occlusion{}, pose{}, invalid{};
  auto fields() { return std::tie(image, boxes, blur, expression, illumination, occlusion, pose, invalid); }
  auto per_box() { return std::tie(blur, expression, illumination, occlusion, pose, invalid); }
};

/// Photos with 393,703 faces: splits train (12,880), val (3,226) and test (16,097, without faces). 3.5 GB to download, into
/// root/widerface.
///     datasets::WIDERFace crowds({.root = "data", .split = "val"});
///     auto example = crowds.get(0);   // boxes XYXY; blur, expression, ...: a number each
/// With .index the annotations are kept beside their file, or in the user's cache, and that is read again when it has changed.
/// Throws   NotFoundError when folders are absent and download is false; DecodeError, with the line, for annotations that are
///          not sound; ValueError for another split
/// Source   torchvision.datasets.WIDERFace; boxes as its wrap_dataset_for_transforms_v2 makes them
class OPSIS_API WIDERFace final : public Dataset<WIDERFaceExample> {
 public:
  using Options = SplitListedOptions;
  explicit WIDERFace(Options options);
  size_t size() const override { return images_.size(); }
  WIDERFaceExample get(size_t index) const override;

 private:
  Options options_;
  std::vector<std::filesystem::path> images_;
  torch::Tensor faces_;        // of all images, (N, 10)
  std::vector<int64_t> ends_;  // where those of each image end
};

}  // namespace opsis::inline v1::datasets
