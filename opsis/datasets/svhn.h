// House numbers, photographed from the street.
#pragma once

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Digits of house numbers: images (3, 32, 32) uint8, labels 0 to 9; splits train (73,257), test (26,032) and extra (531,131).
///     datasets::SVHN numbers({.root = "data", .split = "test", .download = true});
/// Throws   NotFoundError when the file is absent and download is false; IntegrityError for one of another hash; ValueError for
///          another split; NotBuiltError in a build without zlib
/// Source   torchvision.datasets.SVHN
class OPSIS_API SVHN final : public ClassifiedImages {
 public:
  using Options = SplitOptions;
  explicit SVHN(Options options);
};

}  // namespace opsis::inline v1::datasets
