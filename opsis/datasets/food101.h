// Dishes of restaurants.
#pragma once

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Photos of 101 dishes: 750 of each to train, 250 to test. 5 GB to download.
///     datasets::Food101 dishes({.root = "data", .split = "test"});
/// Throws   NotFoundError when the folder is absent and download is false; DecodeError for a list that is not sound; ValueError
///          for another split
/// Source   torchvision.datasets.Food101
class OPSIS_API Food101 final : public ClassifiedFiles {
 public:
  using Options = SplitFilesOptions;
  explicit Food101(Options options);
};

}  // namespace opsis::inline v1::datasets
