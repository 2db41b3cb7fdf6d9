// A KeypointDetector by its name, with a checkpoint that Python saved in the published one's stead.
#include "opsis/tasks/keypoint_detector.h"

#include <torch/torch.h>

#include "tests/support/download_server.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using tasks::KeypointDetector;

constexpr const char* kByName = "keypointrcnn_resnet50_fpn";

// Those of the case that are sure enough.
void expect_found(const tasks::KeypointDetections& found, const oracle::Case& c, int64_t count) {
  ASSERT_EQ(static_cast<int64_t>(found.size()), count);
  const auto expected = [&](const char* name) { return c.tensor(std::string("found_0_") + name).slice(0, 0, count); };
  EXPECT_TENSOR_NEAR(found.boxes.data, expected("boxes"), 1e-4, 0);
  EXPECT_TENSOR_NEAR(found.scores, expected("scores"), 1e-4, 0);
  EXPECT_TENSOR_NEAR(found.points, expected("keypoints").slice(2, 0, 2), 1e-4, 0);
  EXPECT_TENSOR_NEAR(found.keypoints_scores, expected("keypoints_scores"), 1e-4, 0);
}

TEST(KeypointDetector, ByNameFindsWhatTorchvisionFindsOptimizedOrNot) {
  const auto c = oracle::cases("models_detection/key_points_by_name").at(0);
  const auto file = oracle::folder() / "models_detection" / "keypoint_rcnn.pth";
  const Image image(c.tensor("image"));
  const auto sure = (c.tensor("found_0_scores") >= 0.25).sum().item<int64_t>();
  ASSERT_GT(sure, 1);
  for (const bool optimize : {false, true}) {
    SCOPED_TRACE(optimize);
    const KeypointDetector detector(kByName, {.weights_file = file, .score_threshold = 0.25, .optimize = optimize});
    EXPECT_EQ(detector.keypoints(), KeypointDetector::coco_keypoints());
    tasks::Timings timings{-1, -1, -1};
    const auto first = detector(image, &timings), second = detector(image);
    expect_found(first, c, sure);
    expect_found(second, c, sure);
    EXPECT_GE(timings.prepare_ms, 0);
    EXPECT_GT(timings.model_ms, 0);
    EXPECT_GE(timings.finish_ms, 0);
    // The second picture of a size is the first that an optimized network sees, whose last bits are others.
    if (!optimize) {
      EXPECT_TENSOR_EQ(second.scores, first.scores);
      EXPECT_TENSOR_EQ(second.boxes.data, first.boxes.data);
    }
  }
}

TEST(KeypointDetector, RefusesADetectorWithoutKeyPointsBeforeItIsFetched) {
  const support::Variable offline("OPSIS_OFFLINE", "1");
  EXPECT_ERROR(KeypointDetector("fasterrcnn_resnet50_fpn"), ValueError,
               "KeypointDetector: fasterrcnn_resnet50_fpn finds no key points; keypointrcnn_resnet50_fpn does");
  EXPECT_ERROR(KeypointDetector("maskrcnn_resnet50_fpn", {.weights = "COCO_V1"}), ValueError,
               "KeypointDetector: maskrcnn_resnet50_fpn finds no key points");
  EXPECT_ERROR(KeypointDetector("resnet18"), ValueError, "ResNet18_Weights.IMAGENET1K_V1: its preset is that of another task");
  for (const auto* entry : {"COCO_V1", "COCO_LEGACY"}) {  // both are those of key points
    EXPECT_ERROR(KeypointDetector(kByName, {.weights = entry, .weights_file = "missing.pth"}), NotFoundError,
                 "missing.pth is not there");
  }
}

}  // namespace
}  // namespace opsis
