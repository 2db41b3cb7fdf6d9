#include <torch/torch.h>

#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "opsis/hub/safetensors.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models.h"
#include "opsis/models/detection/keypoints.h"
#include "opsis/models/detection/masks.h"
#include "opsis/ops/frozen_batch_norm.h"
#include "tests/models/saved_backbone.h"
#include "tests/support/expect.h"
#include "tests/support/meta_device.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"
#include "tests/support/table_draws.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

namespace detection = models::detection;
using detection::GeneralizedRCNNImpl;
using models::Detection;
using models::DetectionModel;
using models::DetectionTarget;

std::shared_ptr<GeneralizedRCNNImpl> random_rcnn(const std::string& name, models::ModelOptions options = {}) {
  options.weights_backbone = "";
  return models::get_model<GeneralizedRCNNImpl>(name, options);
}

std::vector<torch::Tensor> pictures(const oracle::Case& c) { return {c.tensor("image_0"), c.tensor("image_1")}; }

std::vector<DetectionTarget> targets(const oracle::Case& c) {
  std::vector<DetectionTarget> found;
  for (const std::string name : {"target_0_", "target_1_"}) {
    found.push_back(
        {c.tensor(name + "boxes"), c.tensor(name + "labels"), c.tensor(name + "masks"), c.tensor(name + "keypoints")});
  }
  return found;
}

// As make_quick in tests/oracle/models_detection.py.
void make_quick(GeneralizedRCNNImpl& model) {
  const torch::NoGradGuard no_grad;
  model.transform->options.min_size = {64, 72};
  model.transform->options.max_size = 120;
  auto& rpn = model.rpn->options;
  rpn.pre_nms_top_n_train = 100, rpn.pre_nms_top_n_test = 60, rpn.post_nms_top_n_train = 50, rpn.post_nms_top_n_test = 30;
  auto& box = model.roi_heads->options;
  box.batch_size_per_image = 16, box.score_thresh = 0.02, box.detections_per_img = 12;
  model.roi_heads->box_predictor->cls_score->weight *= 10;
  model.roi_heads->box_predictor->bbox_pred->weight *= 10;
  for (const auto& module : model.modules()) {
    if (auto* norm = module->as<torch::nn::BatchNorm2d>()) norm->options.momentum(1.0);
  }
}

torch::Tensor sample(const torch::Tensor& tensor) {
  return tensor.flatten().slice(0, 0, std::nullopt, tensor.numel() / 32 + 1);
}

void expect_same_training(DetectionModel& model, const oracle::Case& c) {
  model.train();
  torch::manual_seed(1);
  const auto losses = model.losses(pictures(c), targets(c));
  losses.sum().backward();
  EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw_after"));
  std::vector<std::string> names;
  const auto expected = c.tensor("losses");
  for (const auto& [name, loss] : losses) {
    SCOPED_TRACE(name);
    EXPECT_TENSOR_NEAR(loss.detach().to(expected.scalar_type()), expected[static_cast<int64_t>(names.size())], 1e-4, 0);
    names.push_back(name);
  }
  EXPECT_EQ(names, c.texts("loss_names"));

  std::vector<std::string> learning;
  // The bias before a norm has no gradient but for rounding.
  constexpr double relative = 1e-4, absolute = 2e-6;
  const auto norms = c.tensor("gradient_norms"), samples = c.tensor("gradient_samples");
  int64_t begin = 0;
  for (const auto& parameter : model.named_parameters()) {
    const auto gradient = parameter.value().grad();
    if (!gradient.defined()) continue;
    SCOPED_TRACE(parameter.key());
    EXPECT_TENSOR_NEAR(gradient.to(torch::kFloat64).norm(), norms[static_cast<int64_t>(learning.size())], relative, absolute);
    learning.push_back(parameter.key());
    const auto some = sample(gradient);
    EXPECT_TENSOR_NEAR(some, samples.slice(0, begin, begin + some.numel()), relative, absolute);
    begin += some.numel();
  }
  EXPECT_EQ(learning, c.texts("gradient_names"));
}

void expect_same_found(const std::vector<Detection>& found, const oracle::Case& c, const std::string& prefix) {
  for (size_t i = 0; i < found.size(); ++i) {
    SCOPED_TRACE(prefix + std::to_string(i));
    const auto expect_same = [&](const std::string& name, const torch::Tensor& part) {
      SCOPED_TRACE(name);
      const auto key = prefix + std::to_string(i) + "_" + name;
      ASSERT_EQ(part.defined(), c.has_tensor(key));
      if (part.defined()) {
        EXPECT_TENSOR_NEAR(part, c.tensor(key), 1e-4, 0);
      }
    };
    expect_same("labels", found[i].labels);
    expect_same("boxes", found[i].boxes);
    expect_same("scores", found[i].scores);
    expect_same("masks", found[i].masks);
    expect_same("keypoints", found[i].keypoints);
    expect_same("keypoints_scores", found[i].keypoints_scores);
  }
}

std::vector<Detection> found_by(DetectionModel& model, const std::vector<torch::Tensor>& images) {
  const torch::NoGradGuard no_grad;
  model.eval();
  return model.forward(images);
}

// A test a model, so that they can run side by side.
class RCNNByName : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, RCNNByName,
                         ::testing::ValuesIn(models::list_models({.module = "models::detection", .include = {"*rcnn*"}})),
                         [](const auto& info) { return info.param; });

TEST_P(RCNNByName, FromTheSameSeedIsTorchvisionsLearnsAndFindsTheSame) {
  const auto c = support::case_of("models_detection/computed", GetParam());
  torch::manual_seed(0);
  std::optional<support::TableDraws> draws;
  if (c.boolean("table")) draws.emplace();
  const auto model = random_rcnn(GetParam());
  draws.reset();
  support::expect_same_state(*model, c);
  const support::OneThread one_thread;
  make_quick(*model);
  if (c.boolean("wide")) model->to(torch::kFloat64);
  expect_same_training(*model, c);
  const auto found = found_by(*model, pictures(c));
  expect_same_found(found, c, "found_");
  for (const auto& of_image : found) EXPECT_GT(of_image.boxes.size(0), 3);
}

// Every option another than torchvision's, on a network of our own: _custom in tests/oracle/models_detection.py.
detection::MaskRCNN custom() {
  const torch::nn::Conv2d conv(torch::nn::Conv2dOptions(3, 16, 3).stride(4).padding(1));
  const detection::Backbone backbone(models::Sequential(std::vector<models::Layer>{conv, torch::nn::ReLU()}), 16);
  return detection::MaskRCNN(backbone, 4,
                             {.transform = {.min_size = {40, 56},
                                            .max_size = 90,
                                            .image_mean = std::vector{0.4, 0.5, 0.6},
                                            .image_std = std::vector{0.3, 0.2, 0.25},
                                            .size_divisible = 16},
                              .rpn = {.anchor_generator = detection::AnchorGenerator({{8, 24, 48}}, {{0.5, 1, 2}}),
                                      .pre_nms_top_n_train = 170,
                                      .pre_nms_top_n_test = 130,
                                      .post_nms_top_n_train = 60,
                                      .post_nms_top_n_test = 40,
                                      .nms_thresh = 0.6,
                                      .fg_iou_thresh = 0.6,
                                      .bg_iou_thresh = 0.2,
                                      .batch_size_per_image = 64,
                                      .positive_fraction = 0.4,
                                      .score_thresh = 0.4},
                              .box = {.roi_pool = detection::MultiScaleRoIAlign({"0"}, 3, 2),
                                      .score_thresh = 0.2,
                                      .nms_thresh = 0.4,
                                      .detections_per_img = 9,
                                      .fg_iou_thresh = 0.6,
                                      .bg_iou_thresh = 0.4,
                                      .batch_size_per_image = 40,
                                      .positive_fraction = 0.3,
                                      .reg_weights = {8, 9, 4, 6}}},
                             {.roi_pool = detection::MultiScaleRoIAlign({"0"}, 6, 2)});
}

TEST(MaskRCNN, OfANetworkOfOnesOwnWithEveryOptionIsTorchvisionsAlsoWhereThereIsNothing) {
  const support::OneThread one_thread;
  for (const auto& c : oracle::cases("models_detection/custom")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(0);
    auto model = custom();
    support::expect_same_state(*model, c);
    expect_same_training(*model, c);
    // A pixel looks the same everywhere: the last bit of a sum says which of its regions come first, and so which are left.
    const auto of_pixel = found_by(*model, {c.tensor("tiny_0")}).at(0);
    EXPECT_TENSOR_NEAR(of_pixel.scores[0], c.tensor("tiny_0_scores")[0], 1e-4, 0);
    EXPECT_EQ(of_pixel.masks.sizes(), c.tensor("tiny_0_masks").sizes());
    expect_same_found(found_by(*model, {c.tensor("tiny_1")}), c, "line_");
    const auto found = found_by(*model, pictures(c));
    expect_same_found(found, c, "found_");
    EXPECT_GT(found[0].boxes.size(0), 3);
  }
}

// _key_points in tests/oracle/models_detection.py.
detection::KeypointRCNN five_key_points(double score_thresh = 0.2) {
  const torch::nn::Conv2d conv(torch::nn::Conv2dOptions(3, 16, 3).stride(4).padding(1));
  const detection::Backbone backbone(models::Sequential(std::vector<models::Layer>{conv, torch::nn::ReLU()}), 16);
  return detection::KeypointRCNN(backbone, 3,
                                 {.transform = {.min_size = {56}, .max_size = 90},
                                  .rpn = {.anchor_generator = detection::AnchorGenerator({{8, 24, 48}}, {{0.5, 1, 2}}),
                                          .pre_nms_top_n_train = 170,
                                          .pre_nms_top_n_test = 130,
                                          .post_nms_top_n_train = 60,
                                          .post_nms_top_n_test = 40},
                                  .box = {.roi_pool = detection::MultiScaleRoIAlign({"0"}, 3, 2),
                                          .score_thresh = score_thresh,
                                          .detections_per_img = 9,
                                          .batch_size_per_image = 40}},
                                 {.roi_pool = detection::MultiScaleRoIAlign({"0"}, 6, 2),
                                  .head = detection::KeypointRCNNHeads(16, std::vector<int64_t>{8, 512})},
                                 5);
}

TEST(KeypointRCNN, OfAnotherNumberOfKeyPointsIsTorchvisions) {
  const support::OneThread one_thread;
  const auto c = oracle::cases("models_detection/five_key_points").at(0);
  torch::manual_seed(0);
  auto model = five_key_points();
  support::expect_same_state(*model, c);
  expect_same_training(*model, c);
  const auto found = found_by(*model, pictures(c));
  expect_same_found(found, c, "found_");
  EXPECT_EQ(found[0].keypoints.sizes(), (std::vector<int64_t>{9, 5, 3}));
}

TEST(KeypointRCNN, RefusesKeyPointsThatDoNotFit) {
  auto model = five_key_points();
  const auto image = torch::rand({3, 40, 50});
  const auto boxes = torch::tensor({{4.F, 4.F, 30.F, 20.F}, {1.F, 2.F, 30.F, 40.F}});
  const auto labels = torch::ones({2}, torch::kInt64);
  const auto learn = [&](const torch::Tensor& points) {
    return model->losses({image, image}, {{boxes, labels, {}, torch::ones({2, 5, 3})}, {boxes, labels, {}, points}});
  };
  EXPECT_NO_THROW(learn(torch::ones({2, 5, 3})));
  EXPECT_ERROR(learn(torch::ones({2, 5, 2})), ValueError,
               "KeypointRCNN: keypoints must be (N, K, 3), got (2, 5, 2) as the key points of image 1");
  EXPECT_ERROR(learn(torch::ones({2, 5, 3}, torch::kFloat64)), ValueError,
               "KeypointRCNN: keypoints must be float32, got Double in image 1");
  EXPECT_ERROR(learn(torch::ones({1, 5, 3})), ValueError,
               "KeypointRCNN: there must be as many keypoints as boxes, got 1 and 2 in image 1");
  EXPECT_ERROR(learn(torch::ones({2, 4, 3})), ValueError, "there must be 5 key points, got 4 in image 1");
  EXPECT_ERROR(learn({}), ValueError, "every target must have keypoints, image 1 has none");
}

TEST(DetectionModel, ThatFindsNothingGivesWhatTorchvisionsGives) {
  for (const auto& c : oracle::cases("models_detection/nothing")) {
    SCOPED_TRACE(c.name());
    std::shared_ptr<GeneralizedRCNNImpl> model = five_key_points(1).ptr();
    if (c.text("kind") == "masks") model = custom().ptr();
    model->roi_heads->options.score_thresh = 1;
    const auto found = found_by(*model, pictures(c));
    EXPECT_EQ(found[0].boxes.size(0), 0);
    expect_same_found(found, c, "found_");
  }
}

TEST(FasterRCNN, FindsWhatTorchvisionsFindsInAStripe) {
  const support::OneThread one_thread;
  for (const auto& c : oracle::cases("models_detection/stripe")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(0);
    const auto model = random_rcnn("fasterrcnn_mobilenet_v3_large_320_fpn");
    auto& heads = *model->roi_heads;
    heads.options.score_thresh = 0, heads.options.detections_per_img = 5;
    {
      const torch::NoGradGuard no_grad;
      heads.box_predictor->cls_score->weight *= 10;
      heads.box_predictor->bbox_pred->weight *= 10;
    }
    const auto found = found_by(*model, {c.tensor("image")});
    EXPECT_EQ(found[0].boxes.size(0), 5);
    expect_same_found(found, c, "found_");
  }
}

TEST(FasterRCNN, TakesTheWeightsOfItsBackbone) {
  const support::SavedBackbone saved;
  const auto model = detection::fasterrcnn_mobilenet_v3_large_320_fpn({}, {.weights_backbone = saved.weights});
  // Frozen norms have all that the norms had but the count of batches, as buffers.
  std::map<std::string, torch::Tensor> found;
  for (const auto& [name, tensor] : hub::state_dict(*model)) found[name] = tensor;
  size_t norms = 0, compared = 0;
  for (const auto& [name, tensor] : hub::state_dict(*saved.classifier->features)) {
    if (name.ends_with("num_batches_tracked")) continue;
    ASSERT_TRUE(found.contains("backbone.body." + name)) << name;
    EXPECT_TENSOR_EQ(found["backbone.body." + name].detach(), tensor.detach());
    ++compared;
  }
  for (const auto& module : model->modules()) norms += module->as<ops::FrozenBatchNorm2d>() != nullptr;
  EXPECT_EQ(norms, 46);
  EXPECT_GT(compared, 200);
  // As torchvision's, of a trained backbone the last three layers learn.
  const auto parameters = model->named_parameters();
  EXPECT_FALSE(parameters["backbone.body.4.block.0.0.weight"].requires_grad());
  EXPECT_TRUE(parameters["backbone.body.16.0.weight"].requires_grad());
}

TEST(MaskRCNN, ReadsACheckpointOfPythonsUnderItsFirstNames) {
  const auto c = oracle::cases("models_detection/checkpoint").at(0);
  auto model = custom();
  models::load_weights(*model, oracle::folder() / "models_detection/mask_rcnn.pth");
  const auto found = found_by(*model, pictures(c));
  expect_same_found(found, c, "found_");
  EXPECT_GT(found[0].boxes.size(0), 3);
}

TEST(Backbones, LearnWhatTorchvisionsDo) {
  const support::MetaDevice meta;
  for (const auto& c : oracle::cases("models_detection/learns")) {
    SCOPED_TRACE(c.name());
    const auto layers = c.integer("layers");
    const auto backbone = [&] {
      return c.text("network") == "resnet18"
                 ? detection::resnet_fpn_backbone(models::resnet18({}, {.norm_layer = ops::frozen_batch_norm_2d()}), layers)
                 : detection::mobilenet_fpn_backbone(
                       models::mobilenet_v3_large({}, {.norm_layer = ops::frozen_batch_norm_2d()}), layers);
    };
    if (c.boolean("refused")) {
      EXPECT_ERROR(backbone(), ValueError, "trainable layers must be in [0, 5], got 6");
      continue;
    }
    std::vector<std::string> learning;
    for (const auto& parameter : backbone()->named_parameters()) {
      if (parameter.value().requires_grad()) learning.push_back(parameter.key());
    }
    EXPECT_EQ(learning, c.texts("expected"));
  }
}

TEST(Backbones, GiveOneMapOrSeveralAndTellTheirChannels) {
  const models::MobileNetV3 network = models::mobilenet_v3_large();
  const auto one = detection::mobilenet_backbone(network);
  EXPECT_EQ(one.out_channels(), 256);
  EXPECT_EQ(detection::retrieve_out_channels(one, {64, 64}), (std::vector<int64_t>{256}));
  const detection::Backbone pyramid = detection::mobilenet_fpn_backbone(network);
  EXPECT_EQ(detection::retrieve_out_channels(pyramid, {64, 96}), (std::vector<int64_t>{256, 256, 256}));
  EXPECT_TRUE(pyramid.module()->is_training());
  EXPECT_ERROR(detection::mobilenet_fpn_backbone(network, 2, {.returned_layers = {7}}), ValueError,
               "mobilenet_fpn_backbone: returned layers must be in [0, 5], got 7");
  EXPECT_ERROR(detection::resnet_fpn_backbone(models::resnet18(), 3, {.returned_layers = {0}}), ValueError,
               "resnet_fpn_backbone: returned layers must be in [1, 4], got 0");
}

TEST(BoxCoders, EncodeAndDecodeAsTorchvisionsDo) {
  for (const auto& c : oracle::cases("models_detection/coders")) {
    SCOPED_TRACE(c.name());
    const auto boxes = c.tensor("boxes"), proposals = c.tensor("proposals"), codes = c.tensor("codes");
    const detection::BoxCoder coder{.weights = {10, 9, 5, 4}};
    EXPECT_TENSOR_EQ(coder.encode({boxes}, {proposals}).at(0), c.tensor("encoded"));
    EXPECT_TENSOR_EQ(coder.decode(codes, {proposals.slice(0, 0, 10), proposals.slice(0, 10)}), c.tensor("decoded"));
    EXPECT_EQ(coder.decode(codes.slice(0, 0, 0), {proposals.slice(0, 0, 0)}).sizes(), (std::vector<int64_t>{0, 3, 4}));
    const auto one = codes.slice(1, 0, 4);
    EXPECT_TENSOR_EQ(detection::BoxLinearCoder{}.encode(boxes, proposals), c.tensor("linear_encoded"));
    EXPECT_TENSOR_EQ(detection::BoxLinearCoder{}.decode(one, boxes), c.tensor("linear_decoded"));
    const detection::BoxLinearCoder raw{.normalize_by_size = false};
    EXPECT_TENSOR_EQ(raw.encode(boxes, proposals), c.tensor("raw_encoded"));
    EXPECT_TENSOR_EQ(raw.decode(one, boxes), c.tensor("raw_decoded"));
  }
}

TEST(Matchers, MatchAsTorchvisionsDo) {
  for (const auto& c : oracle::cases("models_detection/matchers")) {
    SCOPED_TRACE(c.name());
    const detection::Matcher match{
        .high_threshold = 0.7, .low_threshold = 0.3, .allow_low_quality_matches = c.boolean("low_quality")};
    EXPECT_TENSOR_EQ(match(c.tensor("qualities")), c.tensor("matches"));
    EXPECT_TENSOR_EQ(detection::SSDMatcher{.threshold = 0.5}(c.tensor("qualities")), c.tensor("ssd"));
  }
  EXPECT_ERROR(detection::Matcher{}(torch::zeros({0, 5})), ValueError,
               "Matcher: there must be targets and predictions, got (0, 5)");
  EXPECT_ERROR((detection::Matcher{.high_threshold = 0.3, .low_threshold = 0.7}(torch::zeros({1, 5}))), ValueError,
               "Matcher: low_threshold must not be above high_threshold, got 0.7 and 0.3");
}

TEST(BalancedPositiveNegativeSampler, DrawsWhatTorchvisionsDraws) {
  for (const auto& c : oracle::cases("models_detection/sampler")) {
    SCOPED_TRACE(c.name());
    const detection::BalancedPositiveNegativeSampler sample{.batch_size_per_image = c.integer("size"),
                                                            .positive_fraction = c.number("fraction")};
    torch::manual_seed(1);
    const auto [positive, negative] = sample(c.tensor("labels"));
    EXPECT_TENSOR_EQ(positive, c.tensor("positive"));
    EXPECT_TENSOR_EQ(negative, c.tensor("negative"));
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
  }
}

detection::TransformOptions transform_options(const std::string& name) {
  if (name == "several") return {.min_size = {30, 40, 50, 60}, .max_size = 70, .size_divisible = 8};
  if (name == "fixed") return {.min_size = {50}, .max_size = 50, .size_divisible = 1, .fixed_size = Size{40, 50}};
  if (name == "as_they_are") return {.min_size = {50}, .max_size = 50, .skip_resize = true};
  return {.min_size = {60}, .max_size = 100};
}

TEST(GeneralizedRCNNTransform, MovesImagesAndAllThatIsOnThemAsTorchvisionsDoes) {
  const support::OneThread one_thread;
  for (const auto& c : oracle::cases("models_detection/transform")) {
    SCOPED_TRACE(c.name());
    auto options = transform_options(c.text("options"));
    options.image_mean = std::vector{0.4, 0.5, 0.6};
    options.image_std = std::vector{0.3, 0.2, 0.25};
    detection::GeneralizedRCNNTransform transform(options);
    transform->train(c.boolean("training"));
    torch::manual_seed(1);
    const auto [images, moved] = transform->forward(pictures(c), targets(c));
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
    EXPECT_TENSOR_EQ(images.tensors, c.tensor("batch"));
    std::vector<std::vector<int64_t>> sizes;
    for (const auto& size : images.image_sizes) sizes.push_back({size.height, size.width});
    EXPECT_EQ(nlohmann::json(sizes), nlohmann::json::parse(c.json("sizes")));
    std::vector<Detection> found;
    for (size_t i = 0; i < moved.size(); ++i) {
      const auto number = std::to_string(i) + "_";
      EXPECT_TENSOR_EQ(moved[i].boxes, c.tensor("moved_" + number + "boxes"));
      EXPECT_TENSOR_EQ(moved[i].masks, c.tensor("moved_" + number + "masks"));
      EXPECT_TENSOR_EQ(moved[i].keypoints, c.tensor("moved_" + number + "keypoints"));
      found.push_back({.boxes = c.tensor("in_" + number + "boxes"),
                       .masks = c.tensor("in_" + number + "masks"),
                       .keypoints = c.tensor("in_" + number + "keypoints")});
    }
    found = transform->postprocess(found, images.image_sizes, detection::sizes_of(pictures(c)));
    for (size_t i = 0; i < found.size(); ++i) {
      const auto number = "back_" + std::to_string(i) + "_";
      EXPECT_TENSOR_EQ(found[i].boxes, c.tensor(number + "boxes"));
      EXPECT_TENSOR_EQ(found[i].masks, c.tensor(number + "masks"));
      EXPECT_TENSOR_EQ(found[i].keypoints, c.tensor(number + "keypoints"));
    }
  }
}

TEST(Keypoints, AreFoundOnMapsAndPutOnThemAsTorchvisionsAre) {
  const auto c = oracle::cases("models_detection/keypoints").at(0);
  const auto [points, scores] = detection::heatmaps_to_keypoints(c.tensor("maps"), c.tensor("boxes"));
  EXPECT_TENSOR_EQ(points, c.tensor("found"));
  EXPECT_TENSOR_EQ(scores, c.tensor("scores"));
  const auto [places, valid] = detection::keypoints_to_heatmap(c.tensor("points"), c.tensor("boxes"), 56);
  EXPECT_TENSOR_EQ(places, c.tensor("places"));
  EXPECT_TENSOR_EQ(valid, c.tensor("valid"));
  const auto names = detection::KeypointRCNN_ResNet50_FPN_Weights::DEFAULT.keypoint_names;
  EXPECT_EQ(std::vector<std::string>(names.begin(), names.end()), c.texts("names"));
}

TEST(MapsOfBoxes, AreRefusedUnlessEachHasItsBox) {
  const auto one_box = torch::tensor({{0.f, 0.f, 8.f, 8.f}});
  EXPECT_ERROR(detection::heatmaps_to_keypoints(torch::rand({2, 3, 8, 8}), one_box), ValueError,
               "heatmaps_to_keypoints: boxes must be (2, 4), one for each of the maps, got (1, 4)");
  EXPECT_ERROR(detection::heatmaps_to_keypoints(torch::rand({3, 8, 8}), one_box), ValueError,
               "heatmaps_to_keypoints: maps must be (N, K, M, M), got (3, 8, 8)");
  EXPECT_ERROR(detection::heatmaps_to_keypoints(torch::rand({1, 3, 8, 8}), one_box * NAN), ValueError,
               "heatmaps_to_keypoints: box 0 must be of finite numbers");
  EXPECT_ERROR(detection::paste_masks_in_image(torch::rand({2, 1, 8, 8}), one_box, {20, 20}), ValueError,
               "paste_masks_in_image: boxes must be (2, 4), one for each of the masks, got (1, 4)");
  EXPECT_ERROR(detection::paste_masks_in_image(torch::rand({2, 8, 8}), one_box, {20, 20}), ValueError,
               "paste_masks_in_image: masks must be (N, 1, M, M), got (2, 8, 8)");
  for (const auto far : {-1e19F, 3e9F, NAN, INFINITY}) {
    EXPECT_ERROR(detection::paste_masks_in_image(torch::rand({1, 1, 8, 8}), torch::tensor({{far, 0.f, 5.f, 5.f}}), {20, 20}),
                 ValueError, "paste_masks_in_image: box 0 must be of finite numbers below 2^31");
  }
}

TEST(ResizeBoxes, RoundsSixteenBitsOnceAsTorchvisionDoes) {
  const auto boxes = torch::tensor({{10.f, 20.f, 301.f, 402.f}});
  const auto resized = [&](torch::Dtype type) {
    return detection::resize_boxes(boxes.to(type), {60, 70}, {64, 74}).to(torch::kFloat32);
  };
  EXPECT_TENSOR_EQ(resized(torch::kFloat16), torch::tensor({{10.5703125f, 21.328125f, 318.25f, 428.75f}}));
  EXPECT_TENSOR_EQ(resized(torch::kBFloat16), torch::tensor({{10.5625f, 21.375f, 318.f, 428.f}}));
  EXPECT_TENSOR_EQ(detection::resize_keypoints(torch::tensor({3, 4, 1}).view({1, 1, 3}), {2, 2}, {3, 5}),
                   torch::tensor({7.5f, 6.f, 1.f}).view({1, 1, 3}));
}

TEST(FasterRCNN, OfWeightsKeepsNormsAndFirstLayersAndTakesAnotherNumberOfClasses) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "faster_rcnn.safetensors";
  hub::save_safetensors(file, hub::state_dict(*random_rcnn("fasterrcnn_resnet50_fpn")));
  const auto model = models::get_model<GeneralizedRCNNImpl>("fasterrcnn_resnet50_fpn",
                                                            {.weights = "DEFAULT", .weights_file = file, .num_classes = 7});
  size_t norms = 0;
  for (const auto& module : model->modules()) {
    if (const auto* norm = module->as<ops::FrozenBatchNorm2d>()) {
      EXPECT_EQ(norm->eps, 0);
      ++norms;
    }
  }
  EXPECT_EQ(norms, 53);
  const auto parameters = model->named_parameters();
  EXPECT_FALSE(parameters["backbone.body.layer1.2.conv3.weight"].requires_grad());
  EXPECT_TRUE(parameters["backbone.body.layer2.0.conv1.weight"].requires_grad());
  EXPECT_EQ(parameters["roi_heads.box_predictor.bbox_pred.weight"].sizes(), (std::vector<int64_t>{28, 1024}));
}

TEST(FasterRCNN, TakesAnotherPredictor) {
  const auto model = random_rcnn("fasterrcnn_mobilenet_v3_large_320_fpn");
  model->transform->options.min_size = {64};
  auto& heads = *model->roi_heads;
  heads.box_predictor = heads.replace_module("box_predictor", detection::FastRCNNPredictor(1024, 2));
  const auto losses =
      model->losses({torch::rand({3, 64, 64})}, {{torch::tensor({{4., 4., 40., 50.}}), torch::ones({1}, torch::kInt64)}});
  EXPECT_EQ(losses.size(), 4);
  losses.sum().backward();
  EXPECT_TRUE(heads.box_predictor->cls_score->weight.grad().defined());
}

TEST(DetectionModel, RefusesImagesAndTargetsByName) {
  auto model = custom();
  const auto image = torch::rand({3, 40, 50});
  const auto boxes = torch::tensor({{4., 4., 30., 20.}, {1., 2., 3., 4.}}).to(torch::kFloat32);
  const auto labels = torch::tensor({1, 3}, torch::kInt64);
  const auto masks = torch::ones({2, 40, 50}, torch::kUInt8);
  const auto learn = [&](DetectionTarget second) {
    return model->losses({image, image}, {{boxes, labels, masks}, std::move(second)});
  };
  const auto with = [&](int64_t corner, double value) {
    auto changed = boxes.clone();
    changed[1][corner] = value;
    return changed;
  };
  EXPECT_NO_THROW(learn({boxes, labels, masks}));
  EXPECT_NO_THROW(learn({boxes.to(torch::kInt64), labels, masks.to(torch::kBool)}));
  EXPECT_ERROR(learn({with(2, 0), labels, masks}), ValueError,
               "MaskRCNN: boxes must have positive height and width, got [1, 2, 0, 4] as box 1 of image 1");
  EXPECT_ERROR(learn({with(2, 0).to(torch::kUInt8), labels, masks}), ValueError, "got [1, 2, 0, 4] as box 1 of image 1");
  EXPECT_ERROR(learn({boxes.to(torch::kBool), labels, masks}), ValueError, "got [1, 1, 1, 1] as box 0 of image 1");
  EXPECT_ERROR(learn({with(0, NAN), labels, masks}), ValueError, "as box 1 of image 1");
  EXPECT_ERROR(learn({with(3, INFINITY), labels, masks}), ValueError, "as box 1 of image 1");
  EXPECT_ERROR(learn({boxes.view({4, 2}), labels, masks}), ValueError,
               "boxes must be (N, 4), got (4, 2) as the boxes of image 1");
  EXPECT_ERROR(learn({{}, labels, masks}), ValueError, "boxes must be (N, 4), got nothing as the boxes of image 1");
  EXPECT_ERROR(learn({boxes, labels.to(torch::kInt32), masks}), ValueError, "labels must be int64, got Int in image 1");
  EXPECT_ERROR(learn({boxes, labels.slice(0, 0, 1), masks}), ValueError,
               "there must be as many labels as boxes, got 1 and 2 in image 1");
  EXPECT_ERROR(learn({boxes, labels + 1, masks}), ValueError,
               "labels must be less than num_classes = 4, got 4 as label 1 of image 1");
  EXPECT_ERROR(learn({boxes, labels, masks.slice(1, 0, 30)}), ValueError,
               "masks must be (N, 40, 50), of the image's size, got (2, 30, 50) as the masks of image 1");
  EXPECT_ERROR(learn({boxes, labels}), ValueError, "every target must have masks, image 1 has none");
  EXPECT_ERROR(model->losses({image}, {}), ValueError, "got 1 images and 0 targets");
  EXPECT_ERROR(model->losses({}, {}), ValueError, "MaskRCNN: there must be an image");
  EXPECT_ERROR(model->forward({image}), ValueError, "MaskRCNN: it is training; call eval() to detect");
  model->eval();
  EXPECT_ERROR(learn({boxes, labels, masks}), ValueError, "MaskRCNN: losses are of training; call train() first");
  EXPECT_ERROR(model->forward({image, image[0]}), ValueError, "images must be (3, H, W), got (40, 50) as image 1");
  EXPECT_ERROR(model->forward({image.to(torch::kUInt8)}), ValueError,
               "images must be floating point in [0, 1], got Byte as image 0");
  EXPECT_ERROR(model->forward({torch::rand({4, 40, 50})}), ValueError, "images must be (3, H, W), got (4, 40, 50) as image 0");
  EXPECT_ERROR(model->forward({torch::rand({3, 0, 50})}), ValueError, "images must have pixels, got (3, 0, 50) as image 0");
  EXPECT_ERROR(model->forward({torch::rand({3, 9000, 20})}), ValueError,
               "nothing is left of an image of (9000, 20), brought to 90 at the longer side");
}

TEST(DetectionModel, TakesImagesOfOneDeviceAndItsTypeFirst) {
  auto model = custom();
  const auto image = torch::rand({3, 40, 50});
  const auto meta = image.to(torch::kMeta);
  const auto boxes = torch::tensor({{4.F, 4.F, 30.F, 20.F}});
  const DetectionTarget target{boxes, torch::tensor({1}, torch::kInt64), torch::ones({1, 40, 50}, torch::kUInt8)};
  auto elsewhere = target;
  elsewhere.labels = target.labels.to(torch::kMeta);
  EXPECT_ERROR(model->losses({image, image}, {target, elsewhere}), ValueError,
               "what is to be found must be on the image's device, got meta and cpu as image 1");
  model->eval();
  const torch::NoGradGuard no_grad;
  EXPECT_ERROR(model->forward({image, meta}), ValueError,
               "images must be on one device, got cpu as image 0 and meta as image 1");
  EXPECT_ERROR(model->forward({meta}), ValueError,
               "images must be Float on cpu, as the model is, got Float on meta as image 0");
  EXPECT_ERROR(model->forward({image.to(torch::kFloat64), image}), ValueError, "got Double on cpu as image 0");
  EXPECT_ERROR(model->forward({image.to(torch::kHalf)}), ValueError, "got Half on cpu as image 0");
  // The others are brought to the first one's type.
  EXPECT_EQ(model->forward({image, image.to(torch::kFloat64)})[1].boxes.scalar_type(), torch::kFloat32);
}

TEST(DetectionModel, LearnsFromBoxesOfEveryFloatingPointTypeInItsOwn) {
  auto model = custom();
  const auto image = torch::rand({3, 40, 50});
  const auto boxes = torch::tensor({{4., 4., 30., 20.}, {1., 2., 13., 24.}}, torch::kFloat64);
  const auto labels = torch::tensor({1, 3}, torch::kInt64);
  const auto masks = torch::ones({2, 40, 50}, torch::kUInt8);
  const auto losses = [&](torch::Dtype type, int64_t count) {
    torch::manual_seed(1);
    return model->losses({image}, {{boxes.to(type).slice(0, 0, count), labels.slice(0, 0, count), masks.slice(0, 0, count)}});
  };
  for (const int64_t count : {0, 2}) {
    const auto expected = losses(torch::kFloat32, count);
    for (const auto type : {torch::kFloat64, torch::kFloat16}) {
      SCOPED_TRACE(count);
      const auto found = losses(type, count);
      const auto of_boxes = found["loss_box_reg"].detach(), of_objects = found["loss_objectness"].detach();
      EXPECT_TENSOR_NEAR(of_boxes, expected["loss_box_reg"].detach(), type == torch::kFloat16 ? 2e-3 : 1e-5, 1e-6);
      EXPECT_TENSOR_NEAR(of_objects, expected["loss_objectness"].detach(), 1e-5, 0);
    }
  }
}

TEST(DetectionModel, RefusesPartsThatDoNotFit) {
  const detection::Backbone backbone(torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 8, 3)), 8);
  EXPECT_ERROR(detection::FasterRCNN(backbone, std::nullopt), ValueError,
               "FasterRCNN: it needs num_classes or a box predictor");
  EXPECT_ERROR(detection::FasterRCNN(backbone, 2, {.box = {.predictor = detection::FastRCNNPredictor(1024, 2)}}), ValueError,
               "FasterRCNN: num_classes must be left out when there is a box predictor, got 2");
  EXPECT_ERROR(detection::FasterRCNN(detection::Backbone(), 2), ValueError,
               "FasterRCNN: the backbone must say how many channels its maps have");
  EXPECT_ERROR(detection::fasterrcnn_resnet50_fpn({}, {.num_classes = 0, .weights_backbone = std::nullopt}), ValueError,
               "FasterRCNN: num_classes must be positive");
  EXPECT_ERROR(models::get_model("fasterrcnn_resnet50_fpn"), ValueError, "does another task than the one asked for");
  const models::DetectionLosses losses{{"loss_classifier", torch::ones({})}};
  EXPECT_ERROR(losses["loss_clasifier"], NotFoundError, "did you mean loss_classifier?");
  EXPECT_ERROR(models::DetectionLosses().sum(), ValueError, "there are none to sum up");
}

}  // namespace
}  // namespace opsis
