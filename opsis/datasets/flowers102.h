// Flowers that grow in Britain.
#pragma once

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Photos of 102 flowers; splits train (1,020), val (1,020) and test (6,149). 345 MB to download.
///     datasets::Flowers102 flowers({.root = "data", .split = "val"});
/// Throws   NotFoundError when files are absent and download is false; IntegrityError for files of other hashes; DecodeError
///          for lists that are not sound; ValueError for another split; NotBuiltError in a build without zlib
/// Source   torchvision.datasets.Flowers102
class OPSIS_API Flowers102 final : public ClassifiedFiles {
 public:
  using Options = SplitFilesOptions;
  explicit Flowers102(Options options);
};

}  // namespace opsis::inline v1::datasets
