// A few labelled photos and many without a label.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Photos of 10 classes: images (3, 96, 96) uint8; splits train (5,000), test (8,000), unlabeled (100,000, of label -1) and
/// train+unlabeled. 2.6 GB to download.
///     datasets::STL10 photos({.root = "data", .split = "train", .folds = 3});   // the fourth of ten parts of 1,000
/// Throws   NotFoundError when files are absent and download is false; IntegrityError for files of other hashes; DecodeError
///          for files of other lengths; ValueError for another split or a fold that is not below 10
/// Source   torchvision.datasets.STL10
class OPSIS_API STL10 final : public ClassifiedImages {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    std::optional<int64_t> folds{};  ///< which of the ten parts of the labelled training images; all when it is not given
    transforms::AnyTransform transforms{};
    bool download = false;
  };
  explicit STL10(Options options);
};

}  // namespace opsis::inline v1::datasets
