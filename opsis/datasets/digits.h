// A data set that is always there: small handwritten digits, inside the library.
#pragma once

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// 1,797 handwritten digits: images (1, 8, 8) uint8, labels 0 to 9; the first 1,437 for training, the last 360, by other
/// writers, for testing. Nothing is downloaded or read from disk. A copy shares the pixels.
///     datasets::Digits digits({.train = true});
///     auto [image, label] = digits.get(0);   // label == 0
/// Throws   ValueError when the index is not below size()
/// Source   "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998,
///          https://doi.org/10.24432/C50P49, CC BY 4.0; the test half of it, as scikit-learn ships it. Its gray levels 0 to 16
///          are scaled to 0 to 255 here.
class OPSIS_API Digits final : public ClassifiedImages {
 public:
  struct Options {
    bool train = true;
    transforms::AnyTransform transforms{};
  };
  Digits() : Digits(Options{}) {}
  explicit Digits(Options options);
};

}  // namespace opsis::inline v1::datasets
