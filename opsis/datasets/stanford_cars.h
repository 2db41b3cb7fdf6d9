// Cars by maker, model and year.
#pragma once

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Photos of 196 models of cars; splits train (8,144) and test (8,041). To be brought by hand into root/stanford_cars.
///     datasets::StanfordCars cars({.root = "data", .split = "test"});
/// Throws   NotFoundError when files are absent; DecodeError for lists that are not sound; ValueError for another split, and
///          for download, which nobody offers any more; NotBuiltError in a build without zlib
/// Source   torchvision.datasets.StanfordCars
class OPSIS_API StanfordCars final : public ClassifiedFiles {
 public:
  using Options = SplitFilesOptions;
  explicit StanfordCars(Options options);
};

}  // namespace opsis::inline v1::datasets
