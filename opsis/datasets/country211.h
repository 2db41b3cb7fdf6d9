// Photos by the country they were taken in.
#pragma once

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Photos of 211 countries and territories; splits train (150 each), valid (50) and test (100). 11 GB to download.
///     datasets::Country211 photos({.root = "data", .split = "valid"});
/// Throws   NotFoundError when the folder is absent and download is false; ValueError for another split
/// Source   torchvision.datasets.Country211
class OPSIS_API Country211 final : public ClassifiedFiles {
 public:
  using Options = SplitScannedOptions;
  explicit Country211(Options options);
};

}  // namespace opsis::inline v1::datasets
