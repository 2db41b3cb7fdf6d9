// Digits of American envelopes.
#pragma once

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Digits of zip codes: 7,291 + 2,007 images (1, 16, 16) uint8, labels 0 to 9. 8 MB to download.
///     datasets::USPS digits({.root = "data", .download = true});
/// Throws   NotFoundError when the file is absent and download is false; DecodeError, with the line, for a damaged one;
///          NotBuiltError in a build without libarchive
/// Source   torchvision.datasets.USPS
class OPSIS_API USPS final : public ClassifiedImages {
 public:
  using Options = TrainOptions;
  explicit USPS(Options options);
};

}  // namespace opsis::inline v1::datasets
