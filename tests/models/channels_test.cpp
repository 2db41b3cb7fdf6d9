// Detectors and models of clips for pictures of other than three channels.
#include <torch/torch.h>

#include <map>

#include "opsis/hub/safetensors.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models.h"
#include "tests/support/expect.h"
#include "tests/support/lively_detector.h"
#include "tests/support/meta_device.h"
#include "tests/support/oracle.h"
#include "tests/support/table_draws.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using models::DetectionModel;
using models::VideoClassifier;
namespace detection = models::detection;

template <class Task>
std::vector<std::pair<std::string, std::vector<int64_t>>> shapes_of(const std::string& name, models::ModelOptions options) {
  // SSD's run once while they are built; LibTorch has no convolutions without memory.
  std::optional<support::MetaDevice> meta;
  std::optional<support::TableDraws> draws;
  if (name.starts_with("ssd")) {
    draws.emplace();
  } else {
    meta.emplace();
  }
  std::vector<std::pair<std::string, std::vector<int64_t>>> shapes;
  for (const auto& [tensor, value] : hub::state_dict(*models::get_model<Task>(name, options))) {
    shapes.emplace_back(tensor, value.sizes().vec());
  }
  return shapes;
}

// Only the first convolution is another one.
template <class Task>
void expect_other_channels(const std::string& name, models::ModelOptions options = {}) {
  SCOPED_TRACE(name);
  const auto usual = shapes_of<Task>(name, options);
  options.in_channels = 5;
  const auto five = shapes_of<Task>(name, options);
  ASSERT_EQ(usual.size(), five.size());
  int changed = 0;
  for (size_t i = 0; i < usual.size(); ++i) {
    EXPECT_EQ(usual[i].first, five[i].first);
    if (usual[i].second == five[i].second) continue;
    ++changed;
    auto expected = usual[i].second;
    expected.at(1) = 5;
    EXPECT_EQ(five[i].second, expected) << usual[i].first;
  }
  EXPECT_EQ(changed, 1);
}

TEST(InChannels, ChangeTheFirstConvolutionOfEveryDetector) {
  for (const auto& name : models::list_models({.module = "models::detection"})) {
    expect_other_channels<DetectionModel>(name, {.weights_backbone = ""});
  }
}

TEST(InChannels, ChangeTheFirstConvolutionOfEveryModelOfClips) {
  for (const auto& name : models::list_models({.module = "models::video"})) expect_other_channels<VideoClassifier>(name);
}

// What the heads say of every anchor, which no choice among boxes has touched, and what is found.
struct Answer {
  std::map<std::string, torch::Tensor> heads;
  models::Detection found;
};

Answer answer(DetectionModel& model, const torch::Tensor& image) {
  Answer out;
  out.found = model
                  .forward({image},
                           [&](const torch::Tensor& batch) {
                             auto maps = model.network(batch);
                             out.heads = {maps.begin(), maps.end()};
                             return maps;
                           })
                  .front();
  return out;
}

TEST(InChannels, OfPretrainedDetectorsAnswerAGrayImageAsBefore) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "ssdlite.safetensors";
  const auto original = support::lively_detector();
  hub::save_safetensors(file, hub::state_dict(*original));
  original->eval();
  const torch::NoGradGuard no_grad;
  const auto gray = torch::rand({1, 50, 70});
  const auto expected = answer(*original, gray.expand({3, 50, 70}));
  ASSERT_GT(expected.heads.at("cls_logits").abs().max().item<float>(), 1);
  ASSERT_GT(expected.found.boxes.size(0), 0);
  for (const int64_t channels : {1, 4}) {
    SCOPED_TRACE(channels);
    const auto model = models::get_model<DetectionModel>("ssdlite320_mobilenet_v3_large",
                                                         {.weights = "DEFAULT", .weights_file = file, .in_channels = channels});
    model->eval();
    const auto same = answer(*model, gray.expand({channels, 50, 70}));
    // The sums of the first convolution are taken in another order, and a deep network follows: 3e-6 of logits up to 3.
    for (const auto* head : {"cls_logits", "bbox_regression"}) {
      EXPECT_TENSOR_NEAR(same.heads.at(head), expected.heads.at(head), 1e-5, 0);
    }
    EXPECT_TENSOR_NEAR(same.found.scores, expected.found.scores, 1e-5, 0);
  }
}

TEST(InChannels, OfPretrainedModelsOfClipsAnswerAGrayClipAsBefore) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "mc3.safetensors";
  const auto original = models::get_model<VideoClassifier>("mc3_18");
  hub::save_safetensors(file, hub::state_dict(*original));
  original->eval();
  const torch::NoGradGuard no_grad;
  const auto gray = torch::rand({1, 1, 2, 24, 24});
  const auto expected = original->forward(gray.expand({1, 3, 2, 24, 24}));
  for (const int64_t channels : {1, 2, 5}) {
    SCOPED_TRACE(channels);
    const auto model =
        models::get_model<VideoClassifier>("mc3_18", {.weights = "DEFAULT", .weights_file = file, .in_channels = channels});
    model->eval();
    EXPECT_TENSOR_NEAR(model->forward(gray.expand({1, channels, 2, 24, 24})), expected, 1e-4, 0);  // sums in another order
  }
}

TEST(InChannels, OfADetectorOfOnesOwnAreTorchvisions) {
  for (const auto& c : oracle::cases("models_detection/channels")) {
    SCOPED_TRACE(c.name());
    const auto channels = c.integer("channels");
    torch::manual_seed(0);
    const torch::nn::Conv2d conv(torch::nn::Conv2dOptions(channels, 16, 3).stride(4).padding(1));
    const detection::Backbone backbone(models::Sequential(std::vector<models::Layer>{conv, torch::nn::ReLU()}), 16);
    detection::FasterRCNN model(
        backbone, 3,
        {.transform = {.min_size = {40}, .max_size = 90, .image_mean = c.numbers("mean"), .image_std = c.numbers("std")},
         .rpn = {.anchor_generator = detection::AnchorGenerator({{8, 24, 48}}, {{0.5, 1, 2}})},
         .box = {.roi_pool = detection::MultiScaleRoIAlign({"0"}, 3, 2), .detections_per_img = 9}});
    model->eval();
    const torch::NoGradGuard no_grad;
    EXPECT_TENSOR_EQ(model->transform->forward({c.tensor("image")}).images.tensors, c.tensor("batch"));
    const auto found = model->forward({c.tensor("image")}).front();
    EXPECT_TENSOR_NEAR(found.scores, c.tensor("scores"), 1e-4, 0);
    EXPECT_TENSOR_NEAR(found.boxes, c.tensor("boxes"), 1e-4, 0);
  }
}

TEST(InChannels, RefuseImagesMeansAndModelsThatDoNotFit) {
  const auto model =
      models::get_model<DetectionModel>("fasterrcnn_mobilenet_v3_large_320_fpn", {.in_channels = 4, .weights_backbone = ""});
  model->eval();
  EXPECT_ERROR(model->forward({torch::rand({3, 9, 9})}), ValueError,
               "GeneralizedRCNNTransform: images must be (4, H, W), got (3, 9, 9) as image 0");
  EXPECT_ERROR(detection::retinanet_resnet50_fpn({}, {.weights_backbone = std::nullopt, .in_channels = 0}), ValueError,
               "retinanet_resnet50_fpn: in_channels must be positive, got 0");
  EXPECT_ERROR(detection::retinanet_resnet50_fpn(
                   {}, {.weights_backbone = std::nullopt, .transform = {.image_mean = std::vector{0.4, 0.5}}}),
               ValueError, "retinanet_resnet50_fpn: image_mean must have a number for each of 3 channels, got 2");
  EXPECT_ERROR(
      detection::GeneralizedRCNNTransform(detection::TransformOptions{.image_mean = std::vector<double>{}}), ValueError,
      "GeneralizedRCNNTransform: image_mean and image_std must have as many numbers as images have channels, got 0 and 3");
  EXPECT_ERROR(models::get_model<models::FlowModel>("raft_small", {.in_channels = 1}), ValueError,
               "get_model: in_channels is not for models of optical flow, got 1");
}

TEST(ImageSize, IsTheShorterSideThatDetectorsBringImagesTo) {
  const auto model = models::get_model<detection::FasterRCNNImpl>("fasterrcnn_mobilenet_v3_large_320_fpn",
                                                                  {.image_size = 96, .weights_backbone = ""});
  EXPECT_EQ(model->transform->options.min_size, (std::vector<int64_t>{96}));
  EXPECT_EQ(model->transform->options.max_size, 160);
  EXPECT_ERROR(models::get_model<DetectionModel>("ssd300_vgg16", {.image_size = 96, .weights_backbone = ""}), ValueError,
               "SSD: images are brought to (300, 300); leave out min_size and max_size");
}

}  // namespace
}  // namespace opsis
