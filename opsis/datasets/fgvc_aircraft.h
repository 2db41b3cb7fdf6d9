// Aeroplanes by variant, family or maker.
#pragma once

#include <filesystem>
#include <string>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Photos of aeroplanes: 100 variants, 70 families or 30 manufacturers; splits train, val, trainval (6,667) and test (3,333).
/// 2.8 GB to download.
///     datasets::FGVCAircraft planes({.root = "data", .annotation_level = "family"});
/// Throws   NotFoundError when the folder is absent and download is false; DecodeError for a list that is not sound; ValueError
///          for another split or level
/// Source   torchvision.datasets.FGVCAircraft
class OPSIS_API FGVCAircraft final : public ClassifiedFiles {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "trainval";
    std::string annotation_level = "variant";
    transforms::AnyTransform transforms{};
    bool download = false;
    ImageLoader loader{};  ///< in place of default_loader
  };
  explicit FGVCAircraft(Options options);
};

}  // namespace opsis::inline v1::datasets
