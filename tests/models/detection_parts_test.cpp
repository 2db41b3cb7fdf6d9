// What detectors are made of: backbones, coders, matchers, samplers, and what brings images and all on them to size.
#include <torch/torch.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "opsis/models.h"
#include "opsis/models/detection/keypoints.h"
#include "opsis/models/detection/masks.h"
#include "opsis/ops/frozen_batch_norm.h"
#include "tests/models/detection_case.h"
#include "tests/support/expect.h"
#include "tests/support/meta_device.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

namespace detection = models::detection;
using models::Detection;
using support::pictures;
using support::targets;

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

std::string printed(const torch::nn::Module& module) {
  std::ostringstream out;
  out << module;
  return out.str();
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
    EXPECT_EQ(printed(*transform), c.text("printed"));
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
    const auto originals = detection::sizes_of(pictures(c));
    if (c.boolean("training")) {  // then it stays as it is
      EXPECT_TENSOR_EQ(transform->postprocess(found, images.image_sizes, originals).at(0).boxes, found.at(0).boxes);
    }
    transform->eval();
    found = transform->postprocess(found, images.image_sizes, originals);
    for (size_t i = 0; i < found.size(); ++i) {
      const auto number = "back_" + std::to_string(i) + "_";
      EXPECT_TENSOR_EQ(found[i].boxes, c.tensor(number + "boxes"));
      EXPECT_TENSOR_EQ(found[i].masks, c.tensor(number + "masks"));
      EXPECT_TENSOR_EQ(found[i].keypoints, c.tensor(number + "keypoints"));
    }
  }
}

TEST(GeneralizedRCNNTransform, PrintsNumbersAsPythonDoes) {
  EXPECT_EQ(printed(*detection::GeneralizedRCNNTransform(
                detection::TransformOptions{.image_mean = std::vector{0.12345678, 1e-7}, .image_std = std::vector{1.0, 0.25}})),
            "GeneralizedRCNNTransform(\n    Normalize(mean=[0.12345678, 1e-07], std=[1.0, 0.25])\n"
            "    Resize(min_size=(800,), max_size=1333, mode='bilinear')\n)");
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

TEST(Keypoints, AreOfBoxesOfEveryTypeWithTheirGradientAsTorchvisionsAre) {
  for (const auto& c : oracle::cases("models_detection/keypoints_of_boxes")) {
    SCOPED_TRACE(c.name());
    const auto maps = c.tensor("maps").requires_grad_();
    auto boxes = c.tensor("boxes");
    if (c.has_tensor("gradient")) boxes.requires_grad_();
    const auto [points, scores] = detection::heatmaps_to_keypoints(maps, boxes);
    EXPECT_TENSOR_EQ(points.detach(), c.tensor("found"));
    EXPECT_TENSOR_EQ(scores.detach(), c.tensor("scores"));
    ((points * c.tensor("weights")).sum() + scores.sum()).backward();
    EXPECT_TENSOR_NEAR(maps.grad(), c.tensor("of_maps"), 1e-6, 0);
    if (!c.has_tensor("gradient")) continue;
    // Of 16 bits the parts of a gradient are summed in another order.
    EXPECT_TENSOR_NEAR(boxes.grad(), c.tensor("gradient"), boxes.element_size() == 2 ? 1e-2 : 1e-6, 0);
  }
}

TEST(MapsOfBoxes, AreRefusedUnlessEachHasItsBox) {
  const auto one_box = torch::tensor({{0.f, 0.f, 8.f, 8.f}});
  EXPECT_ERROR(detection::heatmaps_to_keypoints(torch::rand({2, 3, 8, 8}), one_box), ValueError,
               "heatmaps_to_keypoints: boxes must be (2, 4), one for each of the maps, got (1, 4)");
  EXPECT_ERROR(detection::heatmaps_to_keypoints(torch::rand({3, 8, 8}), one_box), ValueError,
               "heatmaps_to_keypoints: maps must be (N, K, M, M), got (3, 8, 8)");
  EXPECT_ERROR(detection::heatmaps_to_keypoints(torch::rand({1, 3, 8, 8}), one_box * NAN), ValueError,
               "heatmaps_to_keypoints: box 0 must be of finite numbers");
  for (const auto& wide : {(one_box * 15000 - 60000).to(torch::kFloat16), one_box * 1e30}) {
    EXPECT_ERROR(detection::heatmaps_to_keypoints(torch::rand({1, 3, 8, 8}), wide), ValueError,
                 "heatmaps_to_keypoints: box 0 must be of finite numbers, with sides below 2^31");
  }
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

}  // namespace
}  // namespace opsis
