// Photos of a folder, training's transforms, order and batches together, held against Python's.
#include <torch/torch.h>

#include <vector>

#include "opsis/data/loader.h"
#include "opsis/datasets/folder.h"
#include "opsis/transforms.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

TEST(DataLoader, SequentialPhotosOfTrainingEqualPythonsToTheBit) {
  using namespace transforms;  // NOLINT
  const Compose augment{RandomResizedCrop({224}), RandomHorizontalFlip(), ToDtype(torch::kFloat32, {.scale = true}),
                        Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})};
  for (const auto& c : oracle::cases("data/loader_photos")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    data::DataLoader loader(datasets::ImageFolder({.root = c.text("root"), .transforms = augment}),
                            {.batch_size = 2, .shuffle = true, .sample_seeds = data::SampleSeeds::Sequential});
    std::vector<torch::Tensor> images, labels;
    for (int epoch = 0; epoch < 2; ++epoch) {
      for (auto& batch : loader) {
        images.push_back(batch.images);
        labels.push_back(batch.labels);
      }
    }
    EXPECT_TENSOR_EQ(torch::cat(images), c.tensor("images"));
    EXPECT_TENSOR_EQ(torch::cat(labels), c.tensor("labels"));
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
  }
}

}  // namespace
}  // namespace opsis
