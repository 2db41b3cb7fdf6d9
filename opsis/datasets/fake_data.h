// Random images with random labels, for trying a program without data.
#pragma once

#include <array>

#include "opsis/datasets/dataset.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::datasets {

/// Noise images, each a function of its index alone: the same pixels and labels as torchvision's, on every call.
///     datasets::FakeData fake({.size = 100, .image_size = {3, 32, 32}});
///     auto [image, label] = fake.get(5);   // (3, 32, 32) uint8
/// Draws    nothing from the current generator: an image has its own, seeded with index + random_offset
/// Throws   ValueError unless there are 1 to 4 channels and at least one class
/// Source   torchvision.datasets.FakeData
class OPSIS_API FakeData final : public Dataset<Classified> {
 public:
  struct Options {
    size_t size = 1000;
    std::array<int64_t, 3> image_size{3, 224, 224};  ///< channels, height, width
    int64_t num_classes = 10;
    transforms::AnyTransform transforms{};
    uint64_t random_offset = 0;
  };
  FakeData() : FakeData(Options{}) {}
  explicit FakeData(Options options);

  size_t size() const override { return options_.size; }
  Classified get(size_t index) const override;

 private:
  Options options_;
};

}  // namespace opsis::inline v1::datasets
