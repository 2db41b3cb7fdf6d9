#include "opsis/datasets/fake_data.h"

#include <ATen/ops/randn.h>

#include "opsis/core/check.h"
#include "opsis/core/random.h"

namespace opsis::inline v1::datasets {

FakeData::FakeData(Options options) : options_(std::move(options)) {
  const auto& [channels, height, width] = options_.image_size;
  OPSIS_CHECK(channels >= 1 && channels <= 4, "FakeData: an image must have 1 to 4 channels, got {}", channels);
  OPSIS_CHECK(height > 0 && width > 0, "FakeData: an image must have pixels, got {} x {}", height, width);
  OPSIS_CHECK(options_.num_classes > 0, "FakeData: num_classes must be positive, got {}", options_.num_classes);
}

Classified FakeData::get(size_t index) const {
  detail::check_index("FakeData", index, size());
  Classified example;
  {
    const random::Scope scope(index + options_.random_offset);
    const auto noise = at::randn(options_.image_size, random::current(), at::kFloat);
    example.label = random::integer(0, options_.num_classes);
    // As numpy's astype(uint8) on the way to PIL: cut towards zero, then the low eight bits. From float to uint8 directly,
    // negative numbers would be undefined.
    example.image = Image((noise * 255).to(torch::kInt32).to(torch::kUInt8));
  }
  return options_.transforms(std::move(example));
}

}  // namespace opsis::inline v1::datasets
