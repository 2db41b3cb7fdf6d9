// Detectors in one stage, and the boxes where they look.
#include <torch/torch.h>

#include "opsis/hub/safetensors.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models.h"
#include "opsis/models/detection/anchors.h"
#include "opsis/models/renames.h"
#include "tests/models/saved_backbone.h"
#include "tests/support/expect.h"
#include "tests/support/meta_device.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"
#include "tests/support/table_draws.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using models::DetectionModel;
using models::DetectionTarget;
using models::detection::AnchorGenerator;
using models::detection::DefaultBoxGenerator;
using torch::Tensor;

using Lists = std::vector<std::vector<double>>;

struct Generator {
  std::string name;
  std::function<Tensor(Size, std::span<const Tensor>)> make;
  std::vector<int64_t> counts;
};

template <class G>
Generator generator(std::string name, const G& g) {
  return {std::move(name), g, g.num_anchors_per_location()};
}

TEST(Anchors, AreTorchvisionsToTheBit) {
  const std::vector<Generator> generators{
      generator("one_map", AnchorGenerator()),
      generator("levels", AnchorGenerator({{32, 40}, {64}}, {{0.5, 1, 2}, {1}})),
      generator("default_boxes", DefaultBoxGenerator({{2}, {2, 3}})),
      generator("one_map_of_default_boxes", DefaultBoxGenerator(Lists{{3}}, {.clip = false})),
      generator("steps", DefaultBoxGenerator({{2, 3}, {2}}, {.scales = {0.1, 0.6, 1.05}, .steps = {8, 16}})),
      generator("ratios", DefaultBoxGenerator({{2, 3}, {2, 3}}, {.min_ratio = 0.2, .max_ratio = 0.95}))};
  size_t compared = 0;
  for (const auto& c : oracle::cases("models_detection_single/anchors")) {
    SCOPED_TRACE(c.name());
    const auto type = c.text("dtype") == "float64" ? torch::kFloat64 : torch::kFloat32;
    std::vector<Tensor> maps{torch::zeros({2, 3, 7, 5}, type), torch::zeros({2, 3, 2, 3}, type)};
    maps.resize(static_cast<size_t>(c.integer("features")));
    for (const auto& [name, make, counts] : generators) {
      if (name != c.text("generator")) continue;
      EXPECT_TENSOR_EQ(make({61, 53}, maps), c.tensor("expected"));
      EXPECT_EQ(counts, c.ints("counts"));
      ++compared;
    }
  }
  EXPECT_EQ(compared, 12);
}

TEST(Anchors, RefuseListsAndMapsThatDoNotFit) {
  const Tensor map = torch::zeros({1, 1, 2, 2}), empty = torch::zeros({1, 1, 0, 2});
  const std::vector<Tensor> two{map, map}, none;
  EXPECT_ERROR(AnchorGenerator({{8}, {16}}, {{1}}), ValueError,
               "AnchorGenerator: sizes and aspect_ratios must have a list for each feature map, got 2 and 1");
  EXPECT_ERROR(AnchorGenerator()({8, 8}, two), ValueError,
               "AnchorGenerator: there must be a feature map for each of 1 lists of sizes and ratios, got 2");
  EXPECT_ERROR(AnchorGenerator()({8, 8}, std::span(&empty, 1)), ValueError,
               "AnchorGenerator: feature map 0 must have rows and columns, got (1, 1, 0, 2)");
  EXPECT_ERROR(DefaultBoxGenerator({{2}, {2}}, {.steps = {8}}), ValueError,
               "DefaultBoxGenerator: aspect_ratios and steps must have the same length, got 2 and 1");
  EXPECT_ERROR(DefaultBoxGenerator({{2}, {2}}, {.scales = {0.1, 0.2}}), ValueError,
               "DefaultBoxGenerator: scales must have one more than the 2 feature maps, got 2");
  EXPECT_ERROR(DefaultBoxGenerator(Lists{})({8, 8}, {}), ValueError, "a feature map for each of 0 lists");
  EXPECT_ERROR(DefaultBoxGenerator(Lists{{2}})({8, 8}, none), ValueError,
               "DefaultBoxGenerator: there must be a feature map for each of 1 lists");
}

std::vector<Tensor> images_of(const oracle::Case& c) {
  std::vector<Tensor> images;
  for (int64_t i = 0; i < c.integer("count"); ++i) images.push_back(c.tensor("image_" + std::to_string(i)));
  return images;
}

std::vector<DetectionTarget> targets_of(const oracle::Case& c, const std::string& kind) {
  std::vector<DetectionTarget> targets;
  for (int64_t i = 0; i < c.integer("count"); ++i) {
    const auto end = "_" + kind + "_" + std::to_string(i);
    targets.push_back({c.tensor("boxes" + end), c.tensor("labels" + end)});
  }
  return targets;
}

// Scores and boxes differ then; as in the oracle.
void enliven(DetectionModel& model, const oracle::Case& c) {
  const torch::NoGradGuard no_grad;
  auto parameters = model.named_parameters();
  const auto names = c.texts("scaled");
  const auto factors = c.numbers("factors");
  for (size_t i = 0; i < names.size(); ++i) parameters[names[i]].mul_(factors[i]);
}

void expect_same_found(DetectionModel& model, const oracle::Case& c) {
  const torch::NoGradGuard no_grad;
  model.eval();
  const auto found = model.forward(images_of(c));
  const auto counts = c.ints("found");
  ASSERT_EQ(found.size(), counts.size());
  for (size_t i = 0; i < found.size(); ++i) {
    SCOPED_TRACE("image " + std::to_string(i));
    const auto end = "_" + std::to_string(i);
    ASSERT_EQ(found[i].boxes.size(0), counts[i]);
    // The same kernels on the same numbers.
    EXPECT_TENSOR_EQ(found[i].labels, c.tensor("labels" + end));
    EXPECT_TENSOR_NEAR(found[i].scores, c.tensor("scores" + end), 1e-5, 0);
    EXPECT_TENSOR_NEAR(found[i].boxes, c.tensor("boxes" + end), 1e-5, 0);
    EXPECT_FALSE(found[i].masks.defined() || found[i].keypoints.defined());
  }
}

Tensor stacked(const models::DetectionLosses& losses) {
  std::vector<Tensor> values;
  for (const auto& [name, loss] : losses) values.push_back(loss);
  return torch::stack(values);
}

void expect_same_learned(DetectionModel& model, const oracle::Case& c) {
  model.train();
  const auto images = images_of(c);
  const auto losses = model.losses(images, targets_of(c, "target"));
  std::vector<std::string> names;
  for (const auto& [name, loss] : losses) names.push_back(name);
  EXPECT_EQ(names, c.texts("loss_names"));
  EXPECT_TENSOR_NEAR(stacked(losses).detach(), c.tensor("losses"), 1e-5, 0);
  losses.sum().backward();
  const auto parameters = model.named_parameters();
  const auto norms = c.tensor("gradient_norms"), samples = c.tensor("gradient_samples");
  int64_t index = 0, begin = 0;
  for (const auto& name : c.texts("gradient_names")) {
    SCOPED_TRACE(name);
    const auto gradient = parameters[name].grad();
    ASSERT_TRUE(gradient.defined());
    EXPECT_TENSOR_NEAR(gradient.to(torch::kFloat64).norm(), norms[index++], 1e-4, 1e-9);
    const auto found = gradient.flatten().slice(0, 0, std::nullopt, gradient.numel() / 32 + 1);
    EXPECT_TENSOR_NEAR(found, samples.slice(0, begin, begin + found.numel()), 1e-4, 1e-9);
    begin += found.numel();
  }
  EXPECT_GE(index, 5);
  const torch::NoGradGuard no_grad;
  EXPECT_TENSOR_NEAR(stacked(model.losses(images, targets_of(c, "other"))), c.tensor("other_losses"), 1e-5, 0);
}

// SSDs have a size of their own.
std::shared_ptr<DetectionModel> small_model(const std::string& name, const models::detection::TransformOptions& sizes = {
                                                                         .min_size = {64}, .max_size = 128}) {
  using namespace models::detection;
  if (name == "retinanet_resnet50_fpn") {
    return retinanet_resnet50_fpn({}, {.weights_backbone = std::nullopt, .transform = sizes}).ptr();
  }
  if (name == "retinanet_resnet50_fpn_v2") return retinanet_resnet50_fpn_v2({}, {.transform = sizes}).ptr();
  if (name == "fcos_resnet50_fpn") {
    return fcos_resnet50_fpn({}, {.weights_backbone = std::nullopt, .transform = sizes}).ptr();
  }
  return models::get_model<DetectionModel>(name, {.weights_backbone = ""});
}

void expect_same_in_all(DetectionModel& model, const oracle::Case& c) {
  support::expect_same_state(model, c);
  if (::testing::Test::HasFatalFailure()) return;
  enliven(model, c);
  expect_same_found(model, c);
  expect_same_learned(model, c);
}

// A test a model, so that they can run side by side.
class OneStageDetector : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, OneStageDetector,
                         ::testing::Values("retinanet_resnet50_fpn", "retinanet_resnet50_fpn_v2", "fcos_resnet50_fpn",
                                           "ssd300_vgg16", "ssdlite320_mobilenet_v3_large"),
                         [](const auto& info) { return info.param; });

TEST_P(OneStageDetector, FromTheSameSeedIsTorchvisionsFindsAndLearnsTheSame) {
  const support::OneThread one_thread;
  const auto c = support::case_of("models_detection_single/computed", GetParam());
  const auto model = support::drawn_as(c, [&] { return small_model(GetParam()); });
  expect_same_in_all(*model, c);
}

struct TwoMapsImpl : torch::nn::Module {
  explicit TwoMapsImpl(int64_t channels) : out_channels(channels) {
    using torch::nn::Conv2d;
    using torch::nn::Conv2dOptions;
    first = register_module("first", Conv2d(Conv2dOptions(3, channels, 3).stride(8).padding(1)));
    second = register_module("second", Conv2d(Conv2dOptions(channels, channels, 3).stride(2).padding(1)));
  }
  ops::FeatureMaps forward(Tensor x) {
    x = first(x);
    return {{"a", x}, {"b", second(x)}};
  }
  torch::nn::Conv2d first{nullptr}, second{nullptr};
  int64_t out_channels;
};
TORCH_MODULE(TwoMaps);

models::detection::Backbone one_map(int64_t channels) {
  const torch::nn::Conv2d conv(torch::nn::Conv2dOptions(3, channels, 3).stride(8).padding(1));
  return {models::Sequential(std::vector<models::Layer>{conv}), channels};
}

std::shared_ptr<DetectionModel> tiny(const std::string& kind, std::optional<double> score_thresh = {}) {
  using namespace models::detection;
  const TransformOptions sizes{.min_size = {64}, .max_size = 90};
  if (kind == "fcos") {
    return FCOS(TwoMaps(32), 4, sizes, ThresholdOptions{.score_thresh = score_thresh.value_or(0.05)},
                FCOSParts{.anchor_generator = AnchorGenerator({{8}, {16}}, {{1}, {1}}), .center_sampling_radius = 2.5})
        .ptr();
  }
  if (kind == "ssd") {
    return SSD(TwoMaps(16), DefaultBoxGenerator({{2}, {2, 3}}), Size{64, 72}, 4, TransformOptions{},
               ThresholdOptions{.score_thresh = score_thresh, .detections_per_img = 20, .topk_candidates = 9},
               SSDParts{.iou_thresh = 0.4, .positive_fraction = 0.2})
        .ptr();
  }
  const std::map<std::string, BoxLoss> losses{{"l1", BoxLoss::L1},
                                              {"smooth_l1", BoxLoss::SMOOTH_L1},
                                              {"ciou", BoxLoss::CIOU},
                                              {"diou", BoxLoss::DIOU},
                                              {"giou", BoxLoss::GIOU}};
  RetinaNetParts parts{.anchor_generator = AnchorGenerator({{12, 24}}, {{0.5, 1}})};
  if (kind == "thresholds") parts.fg_iou_thresh = 0.35, parts.bg_iou_thresh = 0.2;
  if (kind == "matcher") parts.proposal_matcher = Matcher{.high_threshold = 0.3, .low_threshold = 0.25};
  if (losses.contains(kind)) parts.box_loss = losses.at(kind);
  return RetinaNet(one_map(16), 4, sizes,
                   ThresholdOptions{.score_thresh = score_thresh, .detections_per_img = 25, .topk_candidates = 40}, parts)
      .ptr();
}

// check(model, case) of each case of a table: a tiny model of the kind that stands under `kind`, as seed 0 makes it.
template <class Check>
void for_each_tiny(const std::string& table, const std::string& kind, const Check& check) {
  const support::OneThread one_thread;
  for (const auto& c : oracle::cases("models_detection_single/" + table)) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(0);
    check(*tiny(c.text(kind)), c);
  }
}

TEST(OneStageDetectors, AreMadeFromPartsOfOnesOwn) { for_each_tiny("parts", "kind", expect_same_in_all); }

TEST(OneStageDetectors, MatchAnchorsAsTheyAreTold) { for_each_tiny("matched", "by", expect_same_in_all); }

TEST(OneStageDetectors, LearnNothingFromLabelsBelowZeroOrRefuseThem) {
  for_each_tiny("labels_below_zero", "kind", [](DetectionModel& model, const oracle::Case& c) {
    enliven(model, c);
    if (!c.boolean("fails")) return expect_same_learned(model, c);
    const DetectionTarget target{torch::tensor({{1.f, 2.f, 30.f, 29.f}}), torch::tensor({-1})};
    model.train();
    EXPECT_ERROR(model.losses({images_of(c)[0]}, {target}), ValueError, "labels must be at least 0, got -1");
  });
}

TEST(OneStageDetectors, ThatFindNothingGiveWhatTorchvisionsGive) {
  for (const auto& c : oracle::cases("models_detection_single/nothing")) {
    SCOPED_TRACE(c.name());
    expect_same_found(*tiny(c.text("kind"), 1), c);
  }
}

TEST(OneStageDetectors, FindWhatTorchvisionsFindInAStripe) {
  const support::OneThread one_thread;
  for (const auto& c : oracle::cases("models_detection_single/stripes")) {
    SCOPED_TRACE(c.name());
    const models::detection::FCOSOptions small{.weights_backbone = std::nullopt,
                                               .transform = {.min_size = {32}, .max_size = 2000}};
    const auto model = support::drawn_as(c, [&] {
      return c.text("model") == "fcos_resnet50_fpn"
                 ? std::shared_ptr<DetectionModel>(models::detection::fcos_resnet50_fpn({}, small).ptr())
                 : models::get_model<DetectionModel>(c.text("model"), {.weights_backbone = ""});
    });
    enliven(*model, c);
    expect_same_found(*model, c);
  }
}

TEST(OneStageDetectors, TakeAnImageOfOnePixelAndAStripe) {
  const support::OneThread one_thread;
  for (const auto& c : oracle::cases("models_detection_single/odd_sizes")) {
    SCOPED_TRACE(c.name());
    const auto model = support::drawn_as(c, [&] { return small_model(c.text("model"), {.min_size = {32}, .max_size = 256}); });
    enliven(*model, c);
    expect_same_found(*model, c);
  }
}

TEST(OneStageDetectors, LoadWhatPythonSaved) {
  const support::OneThread one_thread;
  for (const auto& c : oracle::cases("models_detection_single/checkpoint")) {
    SCOPED_TRACE(c.name());
    models::ModelOptions options{.weights = "DEFAULT", .weights_file = c.text("file")};
    if (!c.is_null("side")) options.image_size = c.integer("side");
    expect_same_found(*models::get_model<DetectionModel>(c.text("model"), options), c);
  }
}

TEST(OneStageDetectors, TakeANewHeadWithWhatPythonSaved) {
  const auto c = oracle::cases("models_detection_single/checkpoint").at(0);
  const auto model = models::get_model<DetectionModel>(c.text("model"), {.weights = "DEFAULT", .weights_file = c.text("file")});
  // Another number of classes makes new last layers; all else is the file's.
  const auto other = models::get_model<DetectionModel>(
      c.text("model"), {.weights = "DEFAULT", .weights_file = c.text("file"), .num_classes = 5});
  const auto theirs = model->named_parameters(), ours = other->named_parameters();
  EXPECT_EQ(ours["head.classification_head.module_list.5.1.weight"].size(0), 6 * 5);
  for (const auto* name : {"backbone.extra.3.2.0.weight", "head.classification_head.module_list.5.0.0.weight",
                           "head.regression_head.module_list.0.1.bias"}) {
    EXPECT_TENSOR_EQ(ours[name].detach(), theirs[name].detach());
  }
  EXPECT_EQ(other->heads().at(5), "head.classification_head.module_list.5.1");
}

TEST(OneStageDetectors, OldNamesOfRetinaNetsHeadsAreKnown) {
  EXPECT_EQ(models::detail::renamed("head.classification_head.conv.0.weight"), "head.classification_head.conv.0.0.weight");
  EXPECT_EQ(models::detail::renamed("head.regression_head.conv.6.bias"), "head.regression_head.conv.3.0.bias");
  EXPECT_EQ(models::detail::renamed("head.regression_head.conv.3.bias"), std::nullopt);
}

std::vector<std::string> learning(const torch::nn::Module& model) {
  std::vector<std::string> names;
  for (const auto& parameter : model.named_parameters()) {
    if (parameter.value().requires_grad()) names.push_back(parameter.key());
  }
  return names;
}

// Builds a model with weights, of which only the last layers of the backbone learn.
template <class W, class Model, class Options>
std::vector<std::string> learning_of(Model (*build)(std::optional<W>, Options), const std::string& url,
                                     std::optional<int64_t> layers) {
  W weights = W::DEFAULT;
  weights.url = url;
  Options options;
  options.trainable_backbone_layers = layers;
  return learning(*build(weights, options));
}

TEST(OneStageDetectors, OfTrainedBackbonesTheLastLayersLearn) {
  using namespace models::detection;
  const support::TemporaryFolder folder;
  const auto save = [&](const std::string& name) {
    const models::SkipInitialisation skip;
    const auto file = folder.path() / (name + ".safetensors");
    hub::save_safetensors(file, hub::state_dict(*models::get_model<DetectionModel>(name, {.weights_backbone = ""})));
    return "file://" + file.string();
  };
  const auto retinanet = save("retinanet_resnet50_fpn"), ssdlite = save("ssdlite320_mobilenet_v3_large");
  for (const auto& c : oracle::cases("models_detection_single/learning")) {
    SCOPED_TRACE(c.name());
    const auto layers = c.is_null("layers") ? std::nullopt : std::optional(c.integer("layers"));
    const models::SkipInitialisation skip;
    if (c.text("model") == "ssdlite320_mobilenet_v3_large") {
      EXPECT_EQ(learning_of(ssdlite320_mobilenet_v3_large, ssdlite, layers), c.texts("names"));
    } else if (c.text("model") == "retinanet_resnet50_fpn") {
      if (layers == 0) continue;  // its file is large
      EXPECT_EQ(learning_of(retinanet_resnet50_fpn, retinanet, layers), c.texts("names"));
    } else {
      const support::MetaDevice meta;
      SSDFeatureExtractorVGG backbone(models::vgg16(), /*highres=*/false, layers.value_or(4));
      auto names = learning(*backbone);
      for (auto& name : names) name = "backbone." + name;
      auto expected = c.texts("names");
      std::erase_if(expected, [](const auto& name) { return !name.starts_with("backbone."); });
      EXPECT_EQ(names, expected);
    }
  }
}

// Its last stage is twice as wide as that of one whose backbone was not trained, and the file says so.
TEST(OneStageDetectors, AnSSDLiteOfATrainedBackboneComesBackFromItsFile) {
  const support::SavedBackbone saved;
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "ssdlite.safetensors";
  const auto name = "ssdlite320_mobilenet_v3_large";
  const auto trained = models::detection::ssdlite320_mobilenet_v3_large({}, {.weights_backbone = saved.weights});
  hub::save_safetensors(file, hub::state_dict(*trained));
  support::expect_equal_state(*models::get_model<DetectionModel>(name, {.weights_file = file}), *trained);
  support::expect_equal_state(*models::get_model<DetectionModel>(name, {.weights = "DEFAULT", .weights_file = file}), *trained);

  const auto fresh = models::get_model<DetectionModel>(name, {.weights_backbone = ""});
  hub::save_safetensors(file, hub::state_dict(*fresh));
  support::expect_equal_state(*models::get_model<DetectionModel>(name, {.weights_file = file}), *fresh);
  EXPECT_ERROR(models::get_model<DetectionModel>(name, {.weights_file = "/nowhere/a.pth"}), NotFoundError,
               "load_weights: /nowhere/a.pth is not there");
}

TEST(OneStageDetectors, AWiderSSDHasOneMoreMap) {
  const torch::NoGradGuard no_grad;
  const models::SkipInitialisation skip;
  models::detection::SSDFeatureExtractorVGG backbone(
      models::VGG(std::vector<std::vector<int64_t>>{{8}, {8}, {8}, {512}, {512}}, false, models::VGGOptions{.num_classes = 1}),
      /*highres=*/true);
  const auto maps = backbone->forward(torch::rand({1, 3, 512, 512}));
  ASSERT_EQ(maps.size(), 7);
  EXPECT_EQ(maps[0].second.sizes(), (std::vector<int64_t>{1, 512, 64, 64}));
  EXPECT_EQ(maps[6].second.sizes(), (std::vector<int64_t>{1, 256, 1, 1}));
}

TEST(OneStageDetectors, RefuseWhatTheyCannotLearnFrom) {
  using namespace models::detection;
  for (const auto* kind : {"l1", "fcos", "ssd"}) {
    SCOPED_TRACE(kind);
    const auto model = tiny(kind);
    const std::vector<Tensor> images{torch::rand({3, 20, 20}), torch::rand({3, 20, 30})};
    const DetectionTarget good{torch::tensor({{1.f, 2.f, 10.f, 9.f}}), torch::tensor({1})};
    auto bad = good;
    bad.boxes = torch::tensor({{5.f, 2.f, 5.f, 9.f}});
    EXPECT_ERROR(model->losses(images, {good, bad}), ValueError,
                 "boxes must have positive height and width, got [5, 2, 5, 9] as box 0 of image 1");
    bad = good;
    bad.labels = torch::tensor({4});
    EXPECT_ERROR(model->losses(images, {bad, good}), ValueError,
                 "labels must be less than num_classes = 4, got 4 as label 0 of image 0");
    bad.labels = torch::tensor({-1});
    if (std::string_view(kind) == "fcos") {
      EXPECT_NO_THROW(model->losses(images, {bad, good}));  // background, as in torchvision
    } else {
      EXPECT_ERROR(model->losses(images, {bad, good}), ValueError, "labels must be at least 0, got -1 as label 0 of image 0");
    }
    EXPECT_ERROR(model->losses(images, {good}), ValueError,
                 "there must be a target for each image, got 2 images and 1 targets");
    EXPECT_ERROR(model->forward(images), ValueError, "it is training");
    model->eval();
    EXPECT_ERROR(model->forward({torch::rand({20, 20})}), ValueError, "images must be (3, H, W), got (20, 20) as image 0");
  }
  for (const auto& parts : {RetinaNetParts{.fg_iou_thresh = 0.3, .bg_iou_thresh = 0.4},
                            RetinaNetParts{.proposal_matcher = Matcher{.high_threshold = 0.3, .low_threshold = 0.4}}}) {
    EXPECT_ERROR(RetinaNet(one_map(16), 4, TransformOptions{}, ThresholdOptions{}, parts), ValueError,
                 "RetinaNet: bg_iou_thresh must not be above fg_iou_thresh, got 0.4 and 0.3");
  }
  EXPECT_ERROR(FCOS(one_map(32), 4, TransformOptions{}, ThresholdOptions{}, FCOSParts{.anchor_generator = AnchorGenerator()}),
               ValueError, "FCOS: anchor_generator must give one anchor for each place, got 9");
  EXPECT_ERROR(SSD(one_map(16), DefaultBoxGenerator({{2}, {2}}), Size{64, 64}, 4), ValueError,
               "SSD: the backbone must give a map for each of 2 lists of ratios, got 1");
  EXPECT_ERROR(SSD(one_map(16), DefaultBoxGenerator(Lists{{2}}), Size{64, 64}, 4, TransformOptions{}, ThresholdOptions{},
                   SSDParts{.positive_fraction = 0}),
               ValueError, "SSD: positive_fraction must be in (0, 1], got 0");
}

}  // namespace
}  // namespace opsis
