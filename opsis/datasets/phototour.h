// Patches of landmarks, for learning which show the same point.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "opsis/datasets/dataset.h"
#include "opsis/datasets/examples.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::datasets {

/// Patches of 64 x 64 pixels: names notredame, yosemite and liberty, and each with "_harris". To train, single patches
/// (`first`); to test, 100,000 pairs and whether they show the same. What is downloaded is turned into root/<name>.pt once, as
/// torchvision does it.
///     datasets::PhotoTour patches({.root = "data", .name = "liberty", .train = false, .download = true});
/// Throws   NotFoundError when neither root/<name>.pt nor the folder of patches is there and download is false; IntegrityError
///          for an archive of another hash; DecodeError for lists that are not sound; ValueError for another name
/// Source   torchvision.datasets.PhotoTour
class OPSIS_API PhotoTour final : public Dataset<ImagePair> {
 public:
  struct Options {
    std::filesystem::path root;
    std::string name;
    bool train = true;
    transforms::AnyTransform transforms{};
    bool download = false;
  };
  explicit PhotoTour(Options options);
  size_t size() const override;
  /// To train, `second` is empty.
  ImagePair get(size_t index) const override;
  /// (N, 64, 64) uint8. Not for writing.
  const torch::Tensor& data() const { return data_; }
  /// The point that each patch shows: (N) int64. Not for writing.
  const torch::Tensor& labels() const { return labels_; }
  double mean() const;
  double std() const;

 private:
  Options options_;
  torch::Tensor data_, labels_, matches_;
};

}  // namespace opsis::inline v1::datasets
