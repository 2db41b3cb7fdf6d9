// Rendered solids, to be counted.
#pragma once

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Pictures of 3 to 10 solids, and how many; splits train (70,000), val (15,000) and test (15,000, without labels: they are
/// -1). 18 GB to download.
///     datasets::CLEVRClassification scenes({.root = "data", .split = "val"});
/// With .index the numbers are kept beside the file of scenes, or in the user's cache, and that is read again when it has
/// changed.
/// Throws   NotFoundError when the folder is absent and download is false; DecodeError for a file of scenes that is not sound
///          or misses an image; ValueError for another split
/// Source   torchvision.datasets.CLEVRClassification
class OPSIS_API CLEVRClassification final : public ClassifiedFiles {
 public:
  using Options = SplitScannedOptions;
  explicit CLEVRClassification(Options options);
};

}  // namespace opsis::inline v1::datasets
