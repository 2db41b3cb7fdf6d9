// Tiny photos of ten, and of a hundred, classes.
#pragma once

#include <string_view>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Photos of 10 classes: 50,000 + 10,000 images (3, 32, 32) uint8. 163 MB to download.
///     datasets::CIFAR10 photos({.root = "data", .download = true});
/// Throws   NotFoundError when files are absent and download is false; IntegrityError for files of other hashes; DecodeError
///          for batches that are not sound
/// Source   torchvision.datasets.CIFAR10
class OPSIS_API CIFAR10 : public ClassifiedImages {
 public:
  using Options = TrainOptions;
  explicit CIFAR10(Options options) : CIFAR10("CIFAR10", std::move(options)) {}

 protected:
  CIFAR10(std::string_view name, Options options);
};

/// The same of 100 classes (the fine labels), 500 + 100 images each. 161 MB to download.
/// Source   torchvision.datasets.CIFAR100
class OPSIS_API CIFAR100 final : public CIFAR10 {
 public:
  explicit CIFAR100(Options options) : CIFAR10("CIFAR100", std::move(options)) {}
};

}  // namespace opsis::inline v1::datasets
