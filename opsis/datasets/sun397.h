// Scenes: abbeys to zen gardens.
#pragma once

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Photos of 397 kinds of scenes, 108,754 in all. 37 GB to download.
///     datasets::SUN397 scenes({.root = "data"});
/// Throws   NotFoundError when the folder is absent and download is false; DecodeError for a folder of no class
/// Differs  the order is that of the paths, where torchvision's is that of the file system
/// Source   torchvision.datasets.SUN397
class OPSIS_API SUN397 final : public ClassifiedFiles {
 public:
  using Options = ScannedOptions;
  explicit SUN397(Options options);
};

}  // namespace opsis::inline v1::datasets
