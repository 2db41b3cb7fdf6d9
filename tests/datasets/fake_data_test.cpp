#include "opsis/datasets/fake_data.h"

#include <torch/torch.h>

#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using datasets::FakeData;

TEST(FakeData, PixelsAndLabelsEqualTorchvision) {
  for (const auto& c : oracle::cases("datasets/fake_data")) {
    SCOPED_TRACE(c.name());
    const auto size = c.ints("image_size");
    const FakeData fake({.size = 6,
                         .image_size = {size[0], size[1], size[2]},
                         .num_classes = c.integer("num_classes"),
                         .random_offset = static_cast<uint64_t>(c.integer("random_offset"))});
    torch::manual_seed(0);
    std::vector<torch::Tensor> images;
    std::vector<int64_t> labels;
    for (size_t i = 0; i < fake.size(); ++i) {
      const auto [image, label] = fake.get(i);
      images.push_back(image.data);
      labels.push_back(label);
    }
    EXPECT_TENSOR_EQ(torch::stack(images), c.tensor("images"));
    EXPECT_TENSOR_EQ(torch::tensor(labels, torch::kInt64), c.tensor("labels"));
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
  }
}

TEST(FakeData, HasTorchvisionsDefaults) {
  const FakeData fake;
  EXPECT_EQ(fake.size(), 1000u);
  EXPECT_EQ(fake.get(0).image.data.sizes(), (std::vector<int64_t>{3, 224, 224}));
}

TEST(FakeData, RefusesWhatIsNoPicture) {
  EXPECT_ERROR(FakeData({.image_size = {5, 2, 2}}), ValueError, "FakeData: an image must have 1 to 4 channels, got 5");
  EXPECT_ERROR(FakeData({.image_size = {3, 0, 2}}), ValueError, "must have pixels, got 0 x 2");
  EXPECT_ERROR(FakeData({.num_classes = 0}), ValueError, "num_classes must be positive, got 0");
  EXPECT_ERROR(FakeData({.size = 2}).get(2), ValueError, "FakeData: index must be below 2, got 2");
}

}  // namespace
}  // namespace opsis
