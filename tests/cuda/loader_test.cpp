// Batches for a GPU.
#include <torch/torch.h>

#include "opsis/data.h"
#include "opsis/datasets/digits.h"
#include "opsis/transforms.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

TEST(DataLoaderOnCuda, PinsWhatItGivesAndGivesTheSame) {
  using namespace transforms;  // NOLINT
  // Sample by sample, and in whole batches.
  for (const AnyTransform& prepare :
       {AnyTransform(RandomHorizontalFlip()), AnyTransform(ToDtype(torch::kFloat32, {.scale = true}))}) {
    SCOPED_TRACE(prepare.repr());
    const datasets::Digits digits({.train = true, .transforms = prepare});
    data::DataLoader plain(digits, {.batch_size = 100, .num_workers = 2, .seed = 1});
    data::DataLoader pinning(digits, {.batch_size = 100, .num_workers = 2, .seed = 1, .pin_memory = true});
    auto expected = plain.begin();
    for (auto& batch : pinning) {
      EXPECT_TRUE(batch.images.is_pinned());
      EXPECT_TRUE(batch.labels.is_pinned());
      EXPECT_TENSOR_EQ(batch.images, expected->images);
      EXPECT_TENSOR_EQ(batch.images.to(torch::kCUDA, /*non_blocking=*/true).cpu(), expected->images);
      ++expected;
    }
    EXPECT_TRUE(expected == plain.end());
  }
}

}  // namespace
}  // namespace opsis
