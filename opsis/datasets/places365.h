// Places by what they are for.
#pragma once

#include <filesystem>
#include <string>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Photos of 365 kinds of places; splits train-standard (1.8 million), train-challenge (8 million), val (36,500) and test
/// (328,500, without labels: they are -1); large, or small (256 x 256).
///     datasets::Places365 places({.root = "data", .split = "val", .small = true});
/// Throws   NotFoundError when lists are absent and download is false; IntegrityError for lists of other hashes; DecodeError
///          for such that are not sound; ValueError for another split
/// Source   torchvision.datasets.Places365
class OPSIS_API Places365 final : public ClassifiedFiles {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train-standard";
    bool small = false;
    bool download = false;
    transforms::AnyTransform transforms{};
    ImageLoader loader{};  ///< in place of default_loader
    bool index = false;    ///< keep what the list says beside it, or in the user's cache, for the next time
  };
  explicit Places365(Options options);
};

}  // namespace opsis::inline v1::datasets
