// Handwriting and its look-alikes in MNIST's format.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Handwritten digits: 60,000 + 10,000 images (1, 28, 28) uint8, labels 0 to 9. 12 MB to download.
///     datasets::MNIST digits({.root = "data", .download = true});
///     auto [image, label] = digits.get(0);   // label == 5
/// The folder root/MNIST/raw is torchvision's; so is root/MNIST/processed of its older versions, which comes first, of EMNIST and
/// QMNIST too.
/// Throws   NotFoundError when files are absent and download is false; IntegrityError for a download of another hash;
///          DecodeError for damaged files
/// Source   torchvision.datasets.MNIST
class OPSIS_API MNIST : public ClassifiedImages {
 public:
  using Options = TrainOptions;
  explicit MNIST(Options options) : MNIST("MNIST", std::move(options)) {}

 protected:
  MNIST(std::string_view name, Options options);
};

/// Zalando's clothing, in MNIST's format and numbers.
/// Source   torchvision.datasets.FashionMNIST
class OPSIS_API FashionMNIST final : public MNIST {
 public:
  explicit FashionMNIST(Options options) : MNIST("FashionMNIST", std::move(options)) {}
};

/// Cursive Japanese, ten syllables, in MNIST's format and numbers.
/// Source   torchvision.datasets.KMNIST
class OPSIS_API KMNIST final : public MNIST {
 public:
  explicit KMNIST(Options options) : MNIST("KMNIST", std::move(options)) {}
};

/// Letters and digits: six ways to part 814,255 of them; images (1, 28, 28) lie transposed, as in the files.
///     datasets::EMNIST letters({.root = "data", .split = "letters"});
/// Throws   as MNIST; ValueError for another split than byclass, bymerge, balanced, letters, digits and mnist
/// Source   torchvision.datasets.EMNIST
class OPSIS_API EMNIST final : public ClassifiedImages {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split{};
    bool train = true;
    transforms::AnyTransform transforms{};
    bool download = false;
  };
  explicit EMNIST(Options options);
};

/// MNIST made anew from NIST's originals, with who wrote each digit: subsets train, test (60,000), test10k, test50k and nist
/// (all 402,953).
///     datasets::QMNIST digits({.root = "data", .what = "test50k"});
///     digits.full_targets()[0];   // class, writer's series, writer, number, ...: 8 numbers
/// Throws   as MNIST; ValueError for another subset
/// Differs  the label is always the class, as with torchvision's compat=True; full_targets() has the rest
/// Source   torchvision.datasets.QMNIST
class OPSIS_API QMNIST final : public ClassifiedImages {
 public:
  struct Options {
    std::filesystem::path root;
    std::optional<std::string> what{};  ///< train or test, as `train` says, when it is not given
    bool train = true;
    transforms::AnyTransform transforms{};
    bool download = false;
  };
  explicit QMNIST(Options options);

  /// (N, 8) int64. Not for writing.
  const torch::Tensor& full_targets() const { return full_targets_; }

 private:
  QMNIST(std::pair<ClassifiedPixels, torch::Tensor> loaded, transforms::AnyTransform transforms);
  torch::Tensor full_targets_;
};

}  // namespace opsis::inline v1::datasets
