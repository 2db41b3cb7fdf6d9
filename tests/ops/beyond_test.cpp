// Operators that torchvision has not, each against its definition, written down in tests/oracle/ops_beyond.py.
#include <torch/torch.h>

#include "opsis/ops.h"
#include "tests/support/expect.h"
#include "tests/support/gradcheck.h"
#include "tests/support/oracle.h"
#include "tests/support/scattered.h"

namespace opsis {
namespace {

using support::scattered;
using torch::Tensor;

ops::Decay decay_of(const oracle::Case& c) { return c.text("decay") == "linear" ? ops::Decay::Linear : ops::Decay::Gaussian; }

TEST(NmsRotated, AtAnyAngleKeepsWhatOverlapsWithNothingBetter) {
  for (const auto& c : oracle::cases("ops_beyond/nms_rotated")) {
    SCOPED_TRACE(c.name());
    const auto boxes = c.tensor("boxes"), scores = c.tensor("scores");
    EXPECT_TENSOR_EQ(ops::nms_rotated(boxes, scores, c.number("threshold")), c.tensor("expected"));
    EXPECT_TENSOR_EQ(ops::nms_rotated(scattered(boxes), scattered(scores), c.number("threshold")), c.tensor("expected"));
  }
}

TEST(SoftNms, OfManyBoxesIsItsDefinition) {
  for (const auto& c : oracle::cases("ops_beyond/soft_nms")) {
    SCOPED_TRACE(c.name());
    const ops::SoftNmsOptions options{.decay = decay_of(c),
                                      .iou_threshold = c.number("iou_threshold"),
                                      .sigma = c.number("sigma"),
                                      .score_threshold = c.number("score_threshold")};
    for (const bool apart : {false, true}) {
      const auto boxes = c.tensor("boxes"), scores = c.tensor("scores");
      const auto left =
          apart ? ops::soft_nms(scattered(boxes), scattered(scores), options) : ops::soft_nms(boxes, scores, options);
      EXPECT_TENSOR_EQ(left.keep, c.tensor("keep"));
      EXPECT_TENSOR_NEAR(left.scores, c.tensor("kept"), 1e-12, 0);
    }
  }
}

TEST(MatrixNms, OfManyBoxesIsItsDefinition) {
  for (const auto& c : oracle::cases("ops_beyond/matrix_nms")) {
    SCOPED_TRACE(c.name());
    const auto lowered = ops::matrix_nms(scattered(c.tensor("boxes")), scattered(c.tensor("scores")), c.tensor("labels"),
                                         {.decay = decay_of(c), .sigma = c.number("sigma")});
    EXPECT_TENSOR_NEAR(lowered, c.tensor("expected"), 1e-12, 0);
  }
}

TEST(WeightedBoxesFusion, OfThreeModelsIsItsDefinition) {
  for (const auto& c : oracle::cases("ops_beyond/weighted_boxes_fusion")) {
    SCOPED_TRACE(c.name());
    std::vector<ops::LabelledBoxes> models;
    for (int64_t m = 0; m < c.integer("models"); ++m) {
      const auto of_model = [&](const std::string& name) { return scattered(c.tensor(name + std::to_string(m))); };
      models.push_back({of_model("boxes_"), of_model("scores_"), of_model("labels_")});
    }
    const auto fused = ops::weighted_boxes_fusion(models, {.weights = c.numbers("weights"),
                                                           .iou_threshold = c.number("iou_threshold"),
                                                           .score_threshold = c.number("score_threshold")});
    EXPECT_TENSOR_NEAR(fused.boxes, c.tensor("boxes"), 1e-12, 0);
    EXPECT_TENSOR_NEAR(fused.scores, c.tensor("scores"), 1e-12, 0);
    EXPECT_TENSOR_EQ(fused.labels, c.tensor("labels"));
  }
}

TEST(RoiAlignRotated, AtAnyAngleIsItsDefinition) {
  for (const auto& c : oracle::cases("ops_beyond/roi_align_rotated")) {
    SCOPED_TRACE(c.name());
    const auto align = [&](const Tensor& maps) {
      return ops::roi_align_rotated(maps, scattered(c.tensor("rois")), torch::ExpandingArray<2>({3, 4}),
                                    {.spatial_scale = c.number("scale"), .sampling_ratio = c.integer("ratio")});
    };
    EXPECT_TENSOR_NEAR(align(scattered(c.tensor("maps"))), c.tensor("expected"), 1e-10, 0);
    if (c.integer("seed") == 0) {
      EXPECT_TRUE(support::gradcheck(
          [&](const Tensor& maps) {
            return align(maps.view({2, 1, 11, 14}));
          },
          c.tensor("maps").select(1, 0)));
    }
  }
}

}  // namespace
}  // namespace opsis
