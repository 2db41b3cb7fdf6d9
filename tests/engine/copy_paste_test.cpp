#include "opsis/engine/copy_paste.h"

#include <torch/torch.h>

#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis::engine {
namespace {

using models::DetectionTarget;
using torch::Tensor;

TEST(CopyPaste, PutsThingsWhereTorchvisionsRecipePutsThem) {
  for (const auto& c : oracle::cases("engine/copy_paste")) {
    SCOPED_TRACE(c.name());
    const auto of = [&](const std::string& name, int64_t i) { return c.tensor(name + "_" + std::to_string(i)); };
    std::vector<Tensor> images;
    std::vector<DetectionTarget> targets;
    for (int64_t i = 0; i < c.integer("count"); ++i) {
      images.push_back(of("image", i));
      targets.push_back({.boxes = of("boxes", i), .labels = of("labels", i), .masks = of("masks", i)});
    }
    torch::manual_seed(5);
    copy_paste(images, targets);
    for (int64_t i = 0; i < c.integer("count"); ++i) {
      const auto place = static_cast<size_t>(i);
      EXPECT_TENSOR_NEAR(images[place], of("pasted_image", i), 1e-6, 0);
      EXPECT_TENSOR_NEAR(targets[place].boxes, of("pasted_boxes", i), 1e-6, 0);
      EXPECT_TENSOR_EQ(targets[place].labels, of("pasted_labels", i));
      EXPECT_TENSOR_EQ(targets[place].masks, of("pasted_masks", i));
    }
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
  }
}

TEST(CopyPaste, RefusesPicturesWithoutMasks) {
  std::vector<Tensor> images{torch::rand({3, 8, 9})};
  std::vector<DetectionTarget> targets;
  EXPECT_ERROR(copy_paste(images, targets), ValueError,
               "copy_paste: there must be a target for each picture, got 1 pictures and 0");
  targets.push_back({.boxes = torch::zeros({0, 4}), .labels = torch::zeros({0}, torch::kInt64)});
  EXPECT_ERROR(copy_paste(images, targets), ValueError,
               "copy_paste: target 0 must have masks of its picture's size, got an un");
  targets[0].masks = torch::zeros({0, 9, 8}, torch::kUInt8);
  EXPECT_ERROR(copy_paste(images, targets), ValueError, "got (0, 9, 8) for a picture of (3, 8, 9)");
  targets[0].masks = torch::zeros({0, 8, 9}, torch::kUInt8);
  const auto before = images[0];
  copy_paste(images, targets);
  EXPECT_TENSOR_EQ(images[0], before);
}

}  // namespace
}  // namespace opsis::engine
