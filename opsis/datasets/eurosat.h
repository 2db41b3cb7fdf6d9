// Fields, forests and towns of Europe from orbit.
#pragma once

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Sentinel-2's view of 10 kinds of land: 27,000 images (3, 64, 64). 94 MB to download.
///     datasets::EuroSAT land({.root = "data", .download = true});
/// Throws   NotFoundError when the folder is absent and download is false
/// Source   torchvision.datasets.EuroSAT
class OPSIS_API EuroSAT final : public ClassifiedFiles {
 public:
  using Options = ScannedOptions;
  explicit EuroSAT(Options options);
};

}  // namespace opsis::inline v1::datasets
