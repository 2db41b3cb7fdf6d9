// What detectors learn from, good and bad: torchvision's verdicts beside ours.
#include <torch/torch.h>

#include <map>

#include "opsis/models.h"
#include "opsis/models/detection/anchors.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

namespace detection = models::detection;
using models::DetectionModel;
using models::DetectionTarget;

constexpr int64_t kHeight = 40, kWidth = 50, kClasses = 4, kPoints = 5;

detection::Backbone backbone(int64_t channels, int64_t stride) {
  const torch::nn::Conv2d conv(torch::nn::Conv2dOptions(3, channels, 3).stride(stride).padding(1));
  return {models::Sequential(std::vector<models::Layer>{conv}), channels};
}

// The same as _detector in tests/oracle/models_detection_targets.py.
std::shared_ptr<DetectionModel> detector(const std::string& kind) {
  using namespace models::detection;
  const TransformOptions sizes{.min_size = {kHeight}, .max_size = 90};
  const RCNNParts parts{.transform = sizes,
                        .rpn = {.anchor_generator = AnchorGenerator({{8, 24, 48}}, {{0.5, 1, 2}}), .post_nms_top_n_train = 20},
                        .box = {.roi_pool = MultiScaleRoIAlign({"0"}, 3, 2), .batch_size_per_image = 16}};
  if (kind == "fasterrcnn") return FasterRCNN(backbone(16, 4), kClasses, parts).ptr();
  if (kind == "maskrcnn") {
    return MaskRCNN(backbone(16, 4), kClasses, parts, {.roi_pool = MultiScaleRoIAlign({"0"}, 6, 2)}).ptr();
  }
  if (kind == "keypointrcnn") {
    return KeypointRCNN(
               backbone(16, 4), kClasses, parts,
               {.roi_pool = MultiScaleRoIAlign({"0"}, 6, 2), .head = KeypointRCNNHeads(16, std::vector<int64_t>{8, 512})},
               kPoints)
        .ptr();
  }
  if (kind == "retinanet") {
    return RetinaNet(backbone(16, 8), kClasses, sizes, ThresholdOptions{},
                     RetinaNetParts{.anchor_generator = AnchorGenerator({{12, 24}}, {{0.5, 1}})})
        .ptr();
  }
  if (kind == "fcos") {
    return FCOS(backbone(32, 8), kClasses, sizes, ThresholdOptions{},
                FCOSParts{.anchor_generator = AnchorGenerator({{8}}, {{1}})})
        .ptr();
  }
  return SSD(backbone(16, 8), DefaultBoxGenerator(std::vector<std::vector<double>>{{2}}), Size{kHeight, kWidth}, kClasses)
      .ptr();
}

// Whether it is refused, by words of ours.
bool fails(DetectionModel& model, const DetectionTarget& good, const DetectionTarget& target) {
  const torch::NoGradGuard no_grad;
  const std::vector<torch::Tensor> images{torch::rand({3, kHeight, kWidth}), torch::rand({3, kHeight, kWidth})};
  try {
    model.losses(images, {good, target});
  } catch (const ValueError&) {
    return true;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another error: " << error.what();
    return true;
  }
  return false;
}

DetectionTarget target_of(const oracle::Case& c) {
  DetectionTarget found;
  for (const auto& [name, part] : {std::pair{"boxes", &found.boxes}, std::pair{"labels", &found.labels},
                                   std::pair{"masks", &found.masks}, std::pair{"keypoints", &found.keypoints}}) {
    if (c.has_tensor(name)) *part = c.tensor(name);
  }
  return found;
}

using Verdicts = std::map<std::string, std::vector<std::string>>;  // models by what is taken or refused

// What torchvision learns from and we refuse, each for a sentence behind "Differs" of DetectionModel::losses.
const Verdicts only_torchvisions{
    {"a label of -1", {"retinanet"}},
    {"boxes: none", {"fasterrcnn", "maskrcnn", "keypointrcnn", "retinanet", "ssd"}},  // but labels
    {"boxes: one", {"fasterrcnn", "maskrcnn", "keypointrcnn", "retinanet", "fcos", "ssd"}},
    {"keypoints: of (2, 4, 3)", {"keypointrcnn"}},
    {"keypoints: of (2, 5, 4)", {"keypointrcnn"}},
    {"keypoints: of (2, 6, 3)", {"keypointrcnn"}},
    {"keypoints: of (5, 3)", {"keypointrcnn"}},
    {"keypoints: three", {"keypointrcnn"}},
    {"labels of bool", {"fcos", "ssd"}},
    {"labels of int16", {"fcos", "ssd"}},
    {"labels of int32", {"retinanet", "fcos", "ssd"}},
    {"labels of int8", {"fcos", "ssd"}},
    {"labels of uint8", {"ssd"}},
    {"labels: none", {"fcos"}},
    {"labels: of (2, 1)", {"retinanet"}},
    {"labels: three", {"fasterrcnn", "maskrcnn", "keypointrcnn", "retinanet", "fcos", "ssd"}},
    {"masks: of (2, 1, 40, 50)", {"maskrcnn"}},
    {"masks: of (2, 30, 50)", {"maskrcnn"}},
    {"masks: of (2, 60, 80)", {"maskrcnn"}},
    {"masks: three", {"maskrcnn"}},
};
const Verdicts only_ours{
    {"boxes of bfloat16", {"fasterrcnn", "maskrcnn", "keypointrcnn"}},
    {"boxes of float64", {"fcos"}},
};

TEST(DetectionTargets, AreTakenAndRefusedAsByTorchvisionButForWhatIsSaid) {
  std::map<std::string, std::shared_ptr<DetectionModel>> made;
  std::map<std::string, DetectionTarget> good;
  Verdicts torchvision_takes, we_take;
  for (const auto& c : oracle::cases("models_detection_targets/verdicts")) {
    if (c.boolean("skip")) continue;
    SCOPED_TRACE(c.name());
    const auto kind = c.text("model"), name = c.text("target");
    if (!made.contains(kind)) {
      made[kind] = detector(kind);
      made[kind]->train();
      good[kind] = target_of(c);  // the first of each
    }
    const bool ours = fails(*made[kind], good[kind], target_of(c)), torchvisions = c.boolean("fails");
    if (ours && !torchvisions) torchvision_takes[name].push_back(kind);
    if (!ours && torchvisions) we_take[name].push_back(kind);
  }
  EXPECT_EQ(made.size(), 6);
  EXPECT_EQ(torchvision_takes, only_torchvisions);
  EXPECT_EQ(we_take, only_ours);
}

}  // namespace
}  // namespace opsis
