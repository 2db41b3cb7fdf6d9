// Faces and what they feel.
#pragma once

#include <filesystem>
#include <string>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Faces of seven emotions: images (1, 48, 48) uint8; splits train and test. Brought by hand from Kaggle into root/fer2013:
/// fer2013.csv, or icml_face_data.csv, or train.csv and test.csv, of which the last has no labels (they are -1).
///     datasets::FER2013 faces({.root = "data", .split = "test"});
/// Throws   NotFoundError when the file is absent; IntegrityError for one of another hash; DecodeError, with the row, for one
///          that is not sound; ValueError for another split
/// Source   torchvision.datasets.FER2013
class OPSIS_API FER2013 final : public ClassifiedImages {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    transforms::AnyTransform transforms{};
  };
  explicit FER2013(Options options);
};

}  // namespace opsis::inline v1::datasets
