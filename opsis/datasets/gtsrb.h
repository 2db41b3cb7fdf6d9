// German traffic signs.
#pragma once

#include <filesystem>
#include <string>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Photos of 43 traffic signs; splits train (26,640) and test (12,630). 280 MB to download.
///     datasets::GTSRB signs({.root = "data", .split = "test"});
/// Throws   NotFoundError when the folder is absent and download is false; DecodeError for a list that is not sound; ValueError
///          for another split
/// Source   torchvision.datasets.GTSRB
class OPSIS_API GTSRB final : public ClassifiedFiles {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    transforms::AnyTransform transforms{};
    bool download = false;
    bool index = false;  ///< of the split train: keep the list of files for the next time, as make_dataset says
  };
  explicit GTSRB(Options options);
};

}  // namespace opsis::inline v1::datasets
