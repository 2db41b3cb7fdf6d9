// German traffic signs.
#pragma once

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Photos of 43 traffic signs; splits train (26,640) and test (12,630). 280 MB to download.
///     datasets::GTSRB signs({.root = "data", .split = "test"});
/// Throws   NotFoundError when the folder is absent and download is false; DecodeError for a list that is not sound; ValueError
///          for another split
/// Source   torchvision.datasets.GTSRB
class OPSIS_API GTSRB final : public ClassifiedFiles {
 public:
  using Options = SplitOptions;
  explicit GTSRB(Options options);
};

}  // namespace opsis::inline v1::datasets
