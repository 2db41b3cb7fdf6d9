#include "opsis/engine/detection.h"

#include <torch/torch.h>

#include <fstream>

#include "opsis/datasets.h"
#include "opsis/hub.h"
#include "opsis/io/image.h"
#include "opsis/models/detection/fcos.h"
#include "opsis/models/detection/keypoint_rcnn.h"
#include "opsis/models/detection/mask_rcnn.h"
#include "opsis/ops/conv_norm_activation.h"
#include "opsis/transforms.h"
#include "tests/data/generator_of.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::engine {
namespace {

using datasets::Detected;
namespace detection = models::detection;

// As detection_training of tests/oracle/engine.py.
detection::FCOS small_detector() {
  models::Sequential layers;
  layers->append(ops::Conv2dNormActivation(3, 16, ops::Conv2dNormActivationOptions{.stride = 2}));
  layers->append(ops::Conv2dNormActivation(16, 32, ops::Conv2dNormActivationOptions{.stride = 2}));
  const detection::Backbone backbone(layers, 32);
  const auto head = detection::FCOSHead(32, 1, 3, detection::FCOSHeadOptions{.num_convs = 1});
  return detection::FCOS(
      backbone, 3, detection::TransformOptions{.min_size = {64}, .max_size = 64}, detection::ThresholdOptions{},
      detection::FCOSParts{.anchor_generator = detection::AnchorGenerator({{8}}, {{1}}), .head = head.ptr()});
}

// As _small_rcnn there: the modules are made in the same order.
std::shared_ptr<models::DetectionModel> small_rcnn(const std::string& kind) {
  models::Sequential layers;
  layers->append(ops::Conv2dNormActivation(3, 16, ops::Conv2dNormActivationOptions{.stride = 2}));
  layers->append(ops::Conv2dNormActivation(16, 32, ops::Conv2dNormActivationOptions{.stride = 2}));
  const detection::Backbone backbone(layers, 32);
  const detection::TwoMLPHead box_head(32 * 25, 64);
  const detection::FastRCNNPredictor box_predictor(64, 3);
  const detection::RCNNParts parts{.transform = {.min_size = {64}, .max_size = 64},
                                   .rpn = {.anchor_generator = detection::AnchorGenerator({{16, 32}}, {{1}}),
                                           .pre_nms_top_n_train = 100,
                                           .post_nms_top_n_train = 40,
                                           .batch_size_per_image = 32},
                                   .box = {.roi_pool = ops::MultiScaleRoIAlign({"0"}, 5, 2),
                                           .head = box_head,
                                           .predictor = box_predictor,
                                           .batch_size_per_image = 16}};
  detection::BranchOptions branch{.roi_pool = ops::MultiScaleRoIAlign({"0"}, 6, 2)};
  if (kind == "masks") {
    branch.head = detection::MaskRCNNHeads(32, std::vector<int64_t>{16}, 1);
    branch.predictor = detection::MaskRCNNPredictor(16, 16, 3);
    return detection::MaskRCNN(backbone, std::nullopt, parts, branch).ptr();
  }
  branch.head = detection::KeypointRCNNHeads(32, std::vector<int64_t>{32});
  branch.predictor = detection::KeypointRCNNPredictor(32, 17);
  return detection::KeypointRCNN(backbone, std::nullopt, parts, branch).ptr();
}

class Given final : public datasets::Dataset<Detected> {
 public:
  explicit Given(std::vector<Detected> examples) : examples_(std::move(examples)) {}
  size_t size() const override { return examples_.size(); }
  Detected get(size_t index) const override { return examples_.at(index); }

 private:
  std::vector<Detected> examples_;
};

BoundingBoxes boxes_of(std::vector<float> numbers, Size size = {64, 64}) {
  return BoundingBoxes(torch::tensor(numbers).view({-1, 4}), BoundingBoxFormat::XYXY, size);
}

// A light square on a dark picture, somewhere else in each.
Given squares(int64_t count) {
  std::vector<Detected> examples;
  for (int64_t i = 0; i < count; ++i) {
    const auto x = i * 7 % 40, y = i * 11 % 40;
    auto picture = torch::zeros({3, 64, 64});
    picture.narrow(1, y, 20).narrow(2, x, 20).fill_(1);
    const auto left = static_cast<float>(x), top = static_cast<float>(y);
    examples.push_back(
        {.image = Image(picture), .boxes = boxes_of({left, top, left + 20, top + 20}), .labels = torch::tensor({int64_t{1}})});
  }
  return Given(std::move(examples));
}

class FitDetector : public testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  support::TemporaryFolder folder_;
};

struct StopFit {};

TEST_F(FitDetector, LosesWhatPythonLosesInEachStep) {
  for (const auto& c : oracle::cases("engine/detection_training")) {
    SCOPED_TRACE(c.name());
    std::vector<Detected> examples;
    for (int64_t i = 0; i < 6; ++i) {
      examples.push_back({.image = Image(c.tensor("images")[i]),
                          .boxes = BoundingBoxes(c.tensor("boxes")[i], BoundingBoxFormat::XYXY, {64, 64}),
                          .labels = c.tensor("labels")[i]});
    }
    torch::manual_seed(0);
    auto model = small_detector();
    DetectionLoader loader(Given(std::move(examples)), {.batch_size = 2});
    DetectionFitOptions options{.epochs = 3, .optimizer = {.lr = 0.02}};
    if (c.is_null("milestone")) {
      options.schedule.curve = ScheduleOptions::Curve::Cosine;
    } else {
      options.schedule.milestones = {c.number("milestone")};
    }
    if (!c.is_null("norm_weight_decay")) options.norm_weight_decay = c.number("norm_weight_decay");
    std::vector<double> losses, rates;
    options.on_step = [&](const StepReport& step) {
      losses.push_back(step.loss);
      rates.push_back(step.learning_rate);
    };
    const auto history = fit(*model, loader, nullptr, options);
    const auto expected = c.numbers("losses"), expected_rates = c.numbers("rates");
    ASSERT_EQ(losses.size(), expected.size());
    for (size_t i = 0; i < losses.size(); ++i) {
      // Sums of gradients go in another order.
      EXPECT_NEAR(losses[i], expected[i], 1e-5 * expected[i]) << "step " << i;
      EXPECT_NEAR(rates[i], expected_rates[i], 1e-12) << "step " << i;
    }
    const auto& last = history.back();
    ASSERT_EQ(last.losses.size(), 3);
    EXPECT_EQ(last.losses[0].first, "classification");
    EXPECT_NEAR(last.losses[0].second + last.losses[1].second + last.losses[2].second, last.loss, 1e-5);
  }
}

TEST_F(FitDetector, WithMasksAndKeyPointsLosesWhatPythonLosesInEachStep) {
  for (const auto& c : oracle::cases("engine/rcnn_training")) {
    SCOPED_TRACE(c.name());
    std::vector<Detected> examples;
    for (int64_t i = 0; i < 6; ++i) {
      Detected example{.image = Image(c.tensor("images")[i]),
                       .boxes = BoundingBoxes(c.tensor("boxes")[i], BoundingBoxFormat::XYXY, {64, 64}),
                       .labels = c.tensor("labels")[i]};
      const auto branch = c.tensor("branch")[i];
      if (c.text("kind") == "masks") {
        example.masks = Mask(branch);
      } else {
        example.key_points = KeyPoints(torch::where(branch.slice(2, 2) > 0, branch.slice(2, 0, 2), NAN), {64, 64});
      }
      examples.push_back(std::move(example));
    }
    torch::manual_seed(0);
    const auto model = small_rcnn(c.text("kind"));
    DetectionLoader loader(
        std::make_shared<LearnableObjects>(std::make_shared<Given>(std::move(examples)), RandomFlipOfPeople()),
        {.batch_size = 2, .shuffle = true, .sample_seeds = data::SampleSeeds::Sequential});
    DetectionFitOptions options{.epochs = 2, .optimizer = {.lr = 0.01}, .warmup_steps = 0};
    const auto expected = c.tensor("losses");
    int64_t steps = 0;
    options.on_step = [&](const StepReport& step) {
      EXPECT_NEAR(step.loss, expected[steps][0].item<double>(), 1e-4 * expected[steps][0].item<double>()) << "step " << steps;
      ++steps;
    };
    const auto history = fit(*model, loader, nullptr, options);
    EXPECT_EQ(steps, expected.size(0));
    const auto means = expected.slice(0, 3).mean(0);
    const auto names = c.texts("names");
    ASSERT_EQ(history.back().losses.size(), names.size());
    for (size_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(history.back().losses[i].first, names[i]);
      EXPECT_NEAR(history.back().losses[i].second, means[static_cast<int64_t>(i) + 1].item<double>(), 1e-4);
    }
  }
}

TEST_F(FitDetector, LearnsFromThingsOnOtherPicturesWhenToldTo) {
  auto examples = std::vector<Detected>{squares(2).get(0), squares(2).get(1)};
  for (auto& example : examples) example.masks = Mask(example.image.data.slice(0, 0, 1).to(torch::kUInt8));
  const auto loss = [&](bool copy_paste) {
    torch::manual_seed(0);
    const auto model = small_rcnn("masks");
    DetectionLoader loader(Given(examples), {.batch_size = 2});
    return fit(*model, loader, nullptr, {.epochs = 1, .warmup_steps = 0, .copy_paste = copy_paste}).back().loss;
  };
  EXPECT_NE(loss(true), loss(false));
  EXPECT_EQ(loss(true), loss(true));
}

TEST_F(FitDetector, LosesLessAndResumesAsIfItHadNeverStopped) {
  const auto run = [&](int64_t stop_after, std::vector<DetectionEpochReport>& history, const std::string& name) {
    torch::manual_seed(1);
    auto model = small_detector();
    const auto loader = [] {  // as a new process makes it: with a generator that is its own
      return DetectionLoader(squares(12), {.batch_size = 4, .shuffle = true, .num_workers = 1, .generator = generator_of(3)});
    };
    auto train = loader();
    DetectionLoader held_out(squares(4), {.batch_size = 3});
    DetectionFitOptions options{
        .epochs = 4, .optimizer = {.kind = OptimizerOptions::Kind::AdamW, .lr = 2e-3}, .checkpoint = folder_.path() / name};
    options.on_epoch = [&](const DetectionEpochReport& epoch) {
      if (epoch.epoch + 1 == stop_after) throw StopFit();
    };
    try {
      history = fit(*model, train, &held_out, options);
    } catch (const StopFit&) {
      torch::manual_seed(999);
      model = small_detector();  // as a new process would
      options.resume = options.checkpoint;
      options.on_epoch = {};
      auto again = loader();
      history = fit(*model, again, &held_out, options);
    }
    return model;
  };
  std::vector<DetectionEpochReport> whole, resumed;
  const auto a = run(-1, whole, "whole.pth");
  const auto b = run(2, resumed, "resumed.pth");
  support::expect_equal_state(*b, *a);
  ASSERT_EQ(resumed.size(), 4);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(resumed[i].loss, whole[i].loss);
    EXPECT_EQ(resumed[i].losses, whole[i].losses);
    EXPECT_EQ(resumed[i].validation->images, 4);
    EXPECT_EQ(resumed[i].validation->boxes["AP50"], whole[i].validation->boxes["AP50"]);
  }
  EXPECT_LT(whole.back().loss, 0.8 * whole.front().loss);
  EXPECT_FALSE(a->is_training());
}

TEST_F(FitDetector, SaysWhatIsWrong) {
  auto model = small_detector();
  DetectionLoader train(squares(2), {.batch_size = 2});
  DetectionLoader none(Given({}), {.batch_size = 2});
  EXPECT_ERROR(fit(*model, train, nullptr, {.epochs = 0}), ValueError, "fit: epochs must be positive, got 0");
  EXPECT_ERROR(fit(*model, none), ValueError, "fit: the training data set gives no batch (0 images)");
  EXPECT_ERROR(fit(*model, train, nullptr, {.warmup_steps = -1}), ValueError, "warmup_steps must not be negative, got -1");
  EXPECT_ERROR(fit(*model, train, nullptr, {.norm_weight_decay = -1}), ValueError,
               "a weight decay must be a number from 0 on, got -1");
  EXPECT_ERROR(fit(*model, train, nullptr, {.optimizer = {.lr = 1e30}, .warmup_steps = 0}), ValueError, "fit: the loss is");
  hub::save(folder_.path() / "other.pth", hub::Value::dict({{"model", hub::state_dict(*model)}}));
  EXPECT_ERROR(fit(*model, train, nullptr, {.resume = folder_.path() / "other.pth"}), ValueError,
               "is not a checkpoint of a training run");
}

// A detector that finds what it was told.
struct Seer final : models::DetectionModel {
  explicit Seer(std::vector<models::Detection> all) : models::DetectionModel("Seer"), all(std::move(all)) {}
  std::vector<models::Detection> detect(const std::vector<torch::Tensor>& images, const Network&) override {
    std::vector<models::Detection> found(all.begin() + next, all.begin() + next + std::ssize(images));
    next += std::ssize(images);
    return found;
  }
  models::DetectionLosses learn(const std::vector<torch::Tensor>&, const std::vector<models::DetectionTarget>&) override {
    return {};
  }
  std::vector<models::Detection> all;
  int64_t next = 0;
};

TEST(EvaluateDetector, GivesCocosNumbersOfWhatItFinds) {
  const auto data = squares(5);
  std::vector<models::Detection> all;
  for (size_t i = 0; i < 5; ++i) {
    const auto example = data.get(i);
    all.push_back({.boxes = example.boxes.data, .scores = torch::ones({1}), .labels = example.labels});
  }
  DetectionLoader loader(data, {.batch_size = 2});
  Seer seer(all);
  const auto right = evaluate(seer, loader);
  EXPECT_EQ(right.images, 5);
  EXPECT_EQ(right.boxes["AP"], 1);
  EXPECT_FALSE(right.masks);
  for (auto& one : all) one.labels = one.labels + 1;
  Seer fool(all);
  EXPECT_EQ(evaluate(fool, loader).boxes["AP"], 0);
}

TEST(EvaluateDetector, JudgesMasksAndKeyPointsToo) {
  std::vector<Detected> examples;
  std::vector<models::Detection> all;
  for (int64_t count : {17, 5}) {
    torch::manual_seed(0);
    auto points = torch::rand({1, count, 2}) * 20;
    auto mask = torch::zeros({1, 64, 64}, torch::kUInt8);
    mask.slice(1, 0, 20).slice(2, 0, 20).fill_(1);
    all.push_back({.boxes = torch::tensor({{0.F, 0.F, 20.F, 20.F}}),
                   .scores = torch::ones({1}),
                   .labels = torch::ones({1}, torch::kInt64),
                   .masks = mask.unsqueeze(1).to(torch::kFloat32),
                   .keypoints = torch::cat({points, torch::ones({1, count, 1})}, 2)});
    points = points.clone();
    points[0][1].fill_(NAN);  // not labelled, so it does not matter where it is found
    examples.push_back({.image = Image(torch::zeros({3, 64, 64})),
                        .boxes = boxes_of({0, 0, 20, 20}),
                        .labels = torch::ones({1}, torch::kInt64),
                        .masks = Mask(mask),
                        .key_points = KeyPoints(points, {64, 64})});
  }
  const auto evaluate_one = [&](size_t which, const std::vector<double>& sigmas) {
    DetectionLoader loader(Given({examples[which]}), {.batch_size = 1});
    Seer seer({all[which]});
    return evaluate(seer, loader, sigmas);
  };
  const auto person = evaluate_one(0, {});
  EXPECT_NEAR((*person.masks)["AP"], 1, 1e-12);
  EXPECT_NEAR((*person.key_points)["AP"], 1, 1e-12);
  EXPECT_EQ(person.key_points->numbers.size(), 10);
  EXPECT_NEAR((*evaluate_one(1, std::vector<double>(5, 0.1)).key_points)["AP"], 1, 1e-12);
  EXPECT_ERROR(evaluate_one(1, {}), ValueError, "(1, 17, 3), one for each label and sigma");
  all[0].keypoints = all[0].keypoints + 30;
  EXPECT_EQ((*evaluate_one(0, {}).key_points)["AP"], 0);

  // A data set without masks has none of a picture that shows nothing either.
  examples[0] = {.image = Image(torch::zeros({3, 64, 64})),
                 .boxes = BoundingBoxes(torch::zeros({0, 4}), BoundingBoxFormat::XYXY, {64, 64}),
                 .labels = torch::zeros({0}, torch::kInt64)};
  EXPECT_FALSE(evaluate_one(0, {}).masks);
}

TEST(RandomFlipOfPeople, MakesLeftHandsRightOnes) {
  auto points = torch::stack({torch::arange(17), torch::arange(17) + 20}, 1).unsqueeze(0).to(torch::kFloat32);
  points[0][16].fill_(NAN);  // the right ankle
  const auto image = Image(torch::arange(64).view({1, 1, 64}));
  const RandomFlipOfPeople flip(1);
  const auto [mirrored, boxes, there] = flip(image, boxes_of({1, 2, 11, 22}, {1, 64}), KeyPoints(points, {1, 64}));
  EXPECT_TENSOR_EQ(mirrored.data, image.data.flip(-1));
  EXPECT_TENSOR_EQ(boxes.data, torch::tensor({{53.F, 2.F, 63.F, 22.F}}));
  EXPECT_TENSOR_EQ(there.data[0][0], torch::tensor({64.F, 20.F}));  // the nose
  EXPECT_TENSOR_EQ(there.data[0][1], torch::tensor({62.F, 22.F}));  // what was the right eye
  EXPECT_TRUE(there.data[0][15].isnan().all().item<bool>());
  EXPECT_TENSOR_EQ(flip(there).data, points);
  EXPECT_TENSOR_EQ(RandomFlipOfPeople(0)(there).data, there.data);
  EXPECT_EQ(flip.repr(), "RandomFlipOfPeople(p=1)");
  EXPECT_ERROR(flip(KeyPoints(torch::zeros({2, 5, 2}), {1, 64})), ValueError,
               "RandomFlipOfPeople: key points must be (N, 17, 2), those of people in COCO, got (2, 5, 2)");
  EXPECT_ERROR(RandomFlipOfPeople(2), ValueError, "RandomFlipOfPeople: p must be");
}

TEST(CollateDetected, MakesTargetsAndTruths) {
  const Json annotation = Json::parse(R"([{"iscrowd": 0, "area": 12.5}, {"iscrowd": true, "area": 40}])");
  std::vector<Detected> examples{
      {.image = Image(torch::full({3, 8, 6}, 255, torch::kUInt8)),
       .boxes = BoundingBoxes(torch::tensor({{1, 2, 3, 4}, {0, 0, 6, 8}}), BoundingBoxFormat::XYWH, {8, 6}),
       .labels = torch::tensor({3, 4}, torch::kInt64),
       .masks = Mask(torch::ones({2, 8, 6}, torch::kUInt8)),
       .image_id = 77,
       .annotation = annotation,
       .key_points = KeyPoints(torch::tensor({{{1.F, 2.F}}, {{NAN, NAN}}}), {8, 6})},
      {.image = Image(torch::zeros({3, 5, 5}))}};
  const std::vector<size_t> indices{4, 9};
  const auto batch = CollateDetected()(examples, indices);
  EXPECT_EQ(batch.image_ids, (std::vector<int64_t>{77, 9}));
  EXPECT_EQ(batch.images[0].max().item<float>(), 1);
  EXPECT_TENSOR_EQ(batch.targets[0].boxes, torch::tensor({{1.F, 2.F, 4.F, 6.F}, {0.F, 0.F, 6.F, 8.F}}));
  EXPECT_EQ(batch.targets[0].masks.sizes(), (std::vector<int64_t>{2, 8, 6}));
  EXPECT_TENSOR_EQ(batch.truths[0].is_crowd, torch::tensor({0., 1.}, torch::kFloat64));
  EXPECT_TENSOR_EQ(batch.truths[0].area, torch::tensor({12.5, 40.}, torch::kFloat64));
  EXPECT_EQ(batch.truths[0].masks.size(), 2);
  EXPECT_TENSOR_EQ(batch.targets[0].keypoints, torch::tensor({{{1.F, 2.F, 1.F}}, {{0.F, 0.F, 0.F}}}));
  EXPECT_TENSOR_EQ(batch.truths[0].key_points, batch.targets[0].keypoints);
  EXPECT_FALSE(batch.targets[1].keypoints.defined());
  EXPECT_EQ(batch.targets[1].boxes.sizes(), (std::vector<int64_t>{0, 4}));
  EXPECT_EQ(batch.targets[1].labels.numel(), 0);
}

TEST(LearnableObjects, LeavesOutCrowdsAndWhatHasNoInside) {
  const Json annotation = Json::parse(R"([{"iscrowd": 0}, {"iscrowd": 1}, {"iscrowd": 0}, {"iscrowd": 0}])");
  auto masks = torch::zeros({4, 64, 64}, torch::kUInt8);
  for (int64_t i = 0; i < 4; ++i) masks[i].fill_(i);
  const auto source =
      std::make_shared<Given>(std::vector<Detected>{{.image = Image(torch::zeros({3, 64, 64})),
                                                     .boxes = boxes_of({50, 10, 90, 20, 0, 0, 9, 9, 5, 5, 5, 9, 1, 2, 3, 4}),
                                                     .labels = torch::tensor({1, 2, 3, 4}, torch::kInt64),
                                                     .masks = Mask(masks),
                                                     .image_id = 5,
                                                     .annotation = annotation,
                                                     .key_points = KeyPoints(torch::arange(8).view({4, 1, 2}), {64, 64})}});
  const LearnableObjects objects(source, transforms::RandomHorizontalFlip(1));
  const auto example = objects.get(0);
  EXPECT_TENSOR_EQ(example.boxes.data, torch::tensor({{0.F, 10.F, 14.F, 20.F}, {61.F, 2.F, 63.F, 4.F}}));
  EXPECT_TENSOR_EQ(example.labels, torch::tensor({1, 4}, torch::kInt64));
  EXPECT_EQ(example.masks->data.size(0), 2);
  EXPECT_EQ(example.masks->data[1].max().item<int>(), 3);
  EXPECT_TENSOR_EQ(example.key_points->data, torch::tensor({{{63, 1}}, {{57, 7}}}, torch::kInt64));
  EXPECT_EQ(example.image_id, 5);
}

// torchvision's recipe cleans up after transforms only where there are no key points.
TEST(LearnableObjects, KeepSmallBoxesOfPeople) {
  const auto first_of = [](Detected example) {
    return LearnableObjects(std::make_shared<Given>(std::vector<Detected>{std::move(example)}), RandomFlipOfPeople(0)).get(0);
  };
  Detected example{.image = Image(torch::zeros({3, 64, 64})),
                   .boxes = boxes_of({1, 1, 1.5, 9, 5, 5, 9, 9}, {64, 64}),
                   .labels = torch::tensor({1, 1}, torch::kInt64)};
  EXPECT_EQ(first_of(example).boxes.data.size(0), 1);
  example.key_points = KeyPoints(torch::rand({2, 17, 2}), {64, 64});
  const auto people = first_of(example);
  EXPECT_TENSOR_EQ(people.boxes.data, example.boxes.data);
  EXPECT_TENSOR_EQ(people.key_points->data, example.key_points->data);
  EXPECT_EQ(people.labels.size(0), 2);
}

TEST(ImagesWithObjects, HaveABoxOfMoreThanAPixel) {
  const support::TemporaryFolder folder;
  const auto file_of = [&](const std::string& annotations) {
    const auto path = folder.path() / "instances.json";
    std::ofstream(path) << R"({"images": [{"id": 1, "file_name": "a.png", "height": 30, "width": 60}, )"
                           R"({"id": 2, "file_name": "b.png", "width": "wide"}, {"id": 3, "file_name": "c.png"}], )"
                           R"("annotations": [)"
                        << annotations << "]}";
    return datasets::CocoFile(path);
  };
  const auto file = file_of(R"({"id": 1, "image_id": 3, "bbox": [0, 0, 1, 5]}, {"id": 2, "image_id": 3, "bbox": [0, 0, 2, 5]},
                               {"id": 3, "image_id": 2, "bbox": [0, 0, 1, 1]})");
  EXPECT_EQ(images_with_objects(file), std::vector<size_t>{2});
  EXPECT_EQ(file.images()[0].height, 30);
  EXPECT_EQ(file.images()[0].width, 60);
  EXPECT_EQ(file.images()[1].width, 0);
  // Ten key points in all, where the first annotation has some.
  const auto points =
      file_of(R"({"id": 1, "image_id": 1, "bbox": [0, 0, 9, 9], "keypoints": [1,1,2, 2,2,1, 3,3,2, 4,4,2, 5,5,2]},
                                 {"id": 2, "image_id": 1, "bbox": [0, 0, 9, 9], "keypoints": [1,1,2, 2,2,1, 3,3,2, 4,4,2, 5,5,2]},
                                 {"id": 3, "image_id": 2, "bbox": [0, 0, 9, 9], "keypoints": [1,1,2, 2,2,1, 0,0,0, 4,4,2, 5,5,2]},
                                 {"id": 4, "image_id": 2, "bbox": [0, 0, 9, 9], "keypoints": [1,1,2, 2,2,1, 3,3,2, 4,4,2, 5,5,2]})");
  EXPECT_EQ(images_with_objects(points), std::vector<size_t>{0});
  EXPECT_ERROR(images_with_objects(file_of(R"({"id": 1, "image_id": 3, "bbox": [0, 0, 9, 9], "keypoints": []},
                                              {"id": 2, "image_id": 3, "bbox": [0, 0, 9, 9]})")),
               ValueError, "images_with_objects: an annotation of image 3 has no keypoints, and another has");
  EXPECT_ERROR(images_with_objects(file_of(R"({"id": 1, "image_id": 3})")), ValueError,
               "images_with_objects: an annotation of image 3 has no bbox of 4 numbers");
}

}  // namespace
}  // namespace opsis::engine
