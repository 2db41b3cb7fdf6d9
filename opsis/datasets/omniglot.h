// Characters of fifty alphabets, some of them invented.
#pragma once

#include <filesystem>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// 1,623 characters, each drawn by 20 people: images (1, 105, 105) uint8; the alphabets of the background set (964 characters)
/// or the evaluation set (659). 15 MB to download.
///     datasets::Omniglot characters({.root = "data", .background = false});
///     characters.classes()[0];   // "Angelic/character01"
/// Throws   NotFoundError when the archive is absent and download is false; IntegrityError when it has another hash
/// Differs  the order is that of the names, where torchvision's is that of the file system
/// Source   torchvision.datasets.Omniglot
class OPSIS_API Omniglot final : public ClassifiedFiles {
 public:
  struct Options {
    std::filesystem::path root;
    bool background = true;
    transforms::AnyTransform transforms{};
    bool download = false;
    ImageLoader loader{};  ///< in place of gray_loader
  };
  explicit Omniglot(Options options);
};

}  // namespace opsis::inline v1::datasets
