// Caltech's photos of 101, and of 256, kinds of things.
#pragma once

#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

#include "opsis/datasets/classified.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::datasets {

/// A photo, its category and, when asked for, the outline of what is on it, which transforms leave as it is, as torchvision's.
/// Shapes   contour (2, N) float64: x and y, from the corner of the thing's box; undefined unless it is asked for
struct CaltechExample {
  using Batch = ClassifiedBatch;
  Image image;
  int64_t label = 0;
  torch::Tensor contour{};
  auto fields() { return std::tie(image, label, contour); }
};

/// 8,677 photos of 101 categories, gray or colored, some with their outline. 137 MB to download, into root/caltech101.
///     datasets::Caltech101 things({.root = "data", .target_type = {"category", "annotation"}});
/// Throws   NotFoundError when the folder is absent and download is false; IntegrityError for an archive of another hash;
///          ValueError for another target; get throws NotBuiltError for outlines in a build without zlib
/// Source   torchvision.datasets.Caltech101
class OPSIS_API Caltech101 final : public Dataset<CaltechExample>, public PlacedSource<CaltechExample> {
 public:
  struct Options {
    std::filesystem::path root;
    std::vector<std::string> target_type{"category"};  ///< category, annotation or both
    transforms::AnyTransform transforms{};
    bool download = false;
  };
  explicit Caltech101(Options options);
  size_t size() const override { return samples_.size(); }
  CaltechExample get(size_t index) const override { return get_placed(index, {}); }
  CaltechExample get_placed(size_t index, const transforms::ImagePlace& place) const override;
  const std::vector<std::string>& categories() const { return categories_; }

 private:
  struct Sample {
    int64_t label, number;
  };
  Options options_;
  std::vector<std::string> categories_;
  std::vector<Sample> samples_;
};

/// 30,607 photos of 257 categories, gray or colored. 1.2 GB to download, into root/caltech256.
///     datasets::Caltech256 things({.root = "data"});
///     things.classes()[0];   // "001.ak47"
/// Throws   NotFoundError when the folder is absent and download is false; IntegrityError for an archive of another hash
/// Source   torchvision.datasets.Caltech256
class OPSIS_API Caltech256 final : public ClassifiedFiles {
 public:
  struct Options {
    std::filesystem::path root;
    transforms::AnyTransform transforms{};
    bool download = false;
  };
  explicit Caltech256(Options options);
};

}  // namespace opsis::inline v1::datasets
