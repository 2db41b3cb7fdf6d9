// Faces of celebrities with forty attributes.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "opsis/datasets/dataset.h"
#include "opsis/datasets/options.h"
#include "opsis/datasets/placed_source.h"
#include "opsis/transforms/transform.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::datasets {

/// A face and all that is known of it. Transforms move the landmarks with the image and leave the boxes, which lie on another.
/// Shapes   attr (40) int64 of 0 and 1; boxes (1, 4) XYXY int64, on the picture as it was before it was aligned; landmarks (5,
///          2): eyes, nose and corners of the mouth, on the picture
struct CelebAExample {
  Image image;
  torch::Tensor attr{};
  int64_t identity = 0;  ///< a number for each of 10,177 people
  torch::Tensor boxes{};
  KeyPoints landmarks{};
  auto fields() { return std::tie(image, attr, identity, boxes, landmarks); }
};

/// 202,599 faces of 218 x 178 pixels; splits train, valid, test and all, in any case. 1.4 GB to download from Google Drive,
/// into root/celeba.
///     datasets::CelebA faces({.root = "data", .split = "valid"});
///     faces.attr_names()[15];   // "Eyeglasses"
/// With .index what the lists say is kept beside them, or in the user's cache, and they are read again when they have changed.
/// They are then held against their hashes too, and whenever .download is true.
/// Throws   NotFoundError when files are absent and download is false; IntegrityError for files of other hashes; DecodeError,
///          with the line, for lists that are not sound; ValueError for another split
/// Differs  an example has all targets, where torchvision's target_type chooses; boxes are no BoundingBoxes, for they lie on
///          another picture than the one that is given (wrap_dataset_for_transforms_v2 makes them such, as torchvision's does);
///          torchvision's attr_names end with an empty one where the line of names ends with a space
/// Source   torchvision.datasets.CelebA
class OPSIS_API CelebA final : public Dataset<CelebAExample>, public PlacedSource<CelebAExample> {
 public:
  using Options = SplitListedOptions;
  explicit CelebA(Options options);
  size_t size() const override { return files_.size(); }
  CelebAExample get(size_t index) const override { return get_placed(index, {}); }
  CelebAExample get_placed(size_t index, const transforms::ImagePlace& place) const override;
  const std::vector<std::string>& attr_names() const { return attr_names_; }
  const transforms::AnyTransform& transforms() const { return options_.transforms; }
  /// The same without transforms.
  CelebA untransformed() const;

 private:
  Options options_;
  std::vector<std::string> files_, attr_names_;
  torch::Tensor attr_, identity_, boxes_, landmarks_;
};

}  // namespace opsis::inline v1::datasets
