// Digits that drift and bounce.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "opsis/datasets/dataset.h"
#include "opsis/datasets/examples.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::datasets {

/// 10,000 films of two digits, 20 frames each: videos (T, 1, 64, 64) uint8. Splits train and test are the first `split_ratio`
/// frames and the others; without a split, all. 820 MB to download.
///     datasets::MovingMNIST films({.root = "data", .split = "train", .split_ratio = 10});
/// Throws   NotFoundError when the file is absent and download is false; IntegrityError for a download of another hash;
///          DecodeError for a file that is not sound; ValueError for another split or ratio
/// Source   torchvision.datasets.MovingMNIST
class OPSIS_API MovingMNIST final : public Dataset<Clip> {
 public:
  struct Options {
    std::filesystem::path root;
    std::optional<std::string> split{};
    int64_t split_ratio = 10;  ///< 1 to 19
    bool download = false;
    transforms::AnyTransform transforms{};
  };
  explicit MovingMNIST(Options options);
  size_t size() const override { return static_cast<size_t>(data_.size(0)); }
  Clip get(size_t index) const override;
  /// (N, T, 1, 64, 64) uint8. Not for writing.
  const torch::Tensor& data() const { return data_; }

 private:
  Options options_;
  torch::Tensor data_;
};

}  // namespace opsis::inline v1::datasets
