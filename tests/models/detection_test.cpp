#include <torch/torch.h>

#include <cmath>
#include <map>

#include "opsis/hub/safetensors.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models.h"
#include "opsis/ops/frozen_batch_norm.h"
#include "tests/models/detection_case.h"
#include "tests/models/saved_backbone.h"
#include "tests/support/expect.h"
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
using support::pictures;
using support::targets;

std::shared_ptr<GeneralizedRCNNImpl> random_rcnn(const std::string& name, models::ModelOptions options = {}) {
  options.weights_backbone = "";
  return models::get_model<GeneralizedRCNNImpl>(name, options);
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
  const auto model = support::drawn_as(c, [&] { return random_rcnn(GetParam()); });
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

TEST(DetectionModel, TakesAnImageOfOnePixelAndAStripe) {
  const support::OneThread one_thread;
  for (const auto& c : oracle::cases("models_detection/odd_sizes")) {
    SCOPED_TRACE(c.name());
    const auto model = support::drawn_as(c, [&] { return random_rcnn(c.text("model")); });
    make_quick(*model);
    // A pixel looks the same everywhere: which of its regions come first is decided by last bits.
    const auto of_pixel = found_by(*model, {c.tensor("image_0")}).at(0);
    EXPECT_EQ(of_pixel.boxes.sizes()[1], 4);
    EXPECT_EQ(of_pixel.boxes.size(0) > 0, c.tensor("pixel_0_boxes").size(0) > 0);
    if (of_pixel.boxes.size(0) > 0) {
      EXPECT_TENSOR_NEAR(of_pixel.scores[0], c.tensor("pixel_0_scores")[0], 1e-4, 0);
    }
    expect_same_found(found_by(*model, {c.tensor("image_1")}), c, "line_");
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

// As torchvision's, which looks at the shape of maps alone.
TEST(FastRCNNPredictor, StringsOutWhatIsBehindTheRegions) {
  detection::FastRCNNPredictor predictor(4, 3);
  const auto features = torch::rand({2, 4});
  const auto flat = predictor->forward(features);
  for (const auto& shape : std::vector<std::vector<int64_t>>{{2, 4, 1}, {2, 4, 1, 1}, {2, 2, 2}, {2, 4, 1, 1, 1}}) {
    const auto found = predictor->forward(features.view(shape));
    EXPECT_TENSOR_EQ(found.class_logits, flat.class_logits);
    EXPECT_TENSOR_EQ(found.box_regression, flat.box_regression);
  }
  for (const auto& shape : std::vector<std::vector<int64_t>>{{8}, {2, 2, 2, 1}, {2, 1, 2, 2}}) {
    EXPECT_ERROR(predictor->forward(features.view(shape)), ValueError,
                 "FastRCNNPredictor: features must be (L, C), (L, C, 1) or (L, C, 1, 1), got (");
  }
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
  EXPECT_ERROR(detection::FasterRCNN(backbone, 2, {.rpn = {.fg_iou_thresh = 0.3, .bg_iou_thresh = 0.7}}), ValueError,
               "RegionProposalNetwork: bg_iou_thresh must not be above fg_iou_thresh, got 0.7 and 0.3");
  EXPECT_ERROR(detection::FasterRCNN(backbone, 2, {.box = {.fg_iou_thresh = 0.5, .bg_iou_thresh = 0.6}}), ValueError,
               "RoIHeads: bg_iou_thresh must not be above fg_iou_thresh, got 0.6 and 0.5");
  EXPECT_ERROR(detection::fasterrcnn_resnet50_fpn({}, {.num_classes = 0, .weights_backbone = std::nullopt}), ValueError,
               "FasterRCNN: num_classes must be positive");
  EXPECT_ERROR(models::get_model("fasterrcnn_resnet50_fpn"), ValueError,
               "does another task than the one asked for: object detection");
  const models::DetectionLosses losses{{"loss_classifier", torch::ones({})}};
  EXPECT_ERROR(losses["loss_clasifier"], NotFoundError, "did you mean loss_classifier?");
  EXPECT_ERROR(models::DetectionLosses().sum(), ValueError, "there are none to sum up");
}

}  // namespace
}  // namespace opsis
