// Digits written by Italians, once fast and once with care.
#pragma once

#include <filesystem>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// 1,593 handwritten digits: images (1, 16, 16) uint8 of 0 and 255, labels 0 to 9. 3 MB to download.
///     datasets::SEMEION digits({.root = "data"});
/// Throws   NotFoundError when the file is absent and download is false; IntegrityError for one of another hash; DecodeError,
///          with the line, for one that is not sound
/// Source   torchvision.datasets.SEMEION
class OPSIS_API SEMEION final : public ClassifiedImages {
 public:
  struct Options {
    std::filesystem::path root;
    transforms::AnyTransform transforms{};
    bool download = true;
  };
  explicit SEMEION(Options options);
};

}  // namespace opsis::inline v1::datasets
