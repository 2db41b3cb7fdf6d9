// COCO's numbers, held against pycocotools.
#include "opsis/engine/coco_evaluator.h"

#include <algorithm>

#include "tests/engine/coco_numbers.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis::engine {
namespace {

// The scenes of tests/oracle/coco.py, image by image.
struct Scene {
  explicit Scene(const oracle::Case& c) : case_(c), images_(c.integer("images")) {
    kind = c.text("kind") == "bbox" ? CocoKind::Boxes : c.text("kind") == "segm" ? CocoKind::Masks : CocoKind::KeyPoints;
  }
  CocoKind kind;
  int64_t images() const { return images_; }

  CocoTarget target(int64_t image) const {
    CocoTarget out;
    const auto rows = read(image, "truth", out);
    out.area = case_.tensor("area").index_select(0, rows);
    out.is_crowd = torch::tensor(case_.ints("crowd"), torch::kInt64).index_select(0, rows);
    return out;
  }
  CocoDetections detections(int64_t image) const {
    CocoDetections out;
    out.scores = case_.tensor("score").index_select(0, read(image, "found", out));
    return out;
  }

 private:
  template <class Side>
  torch::Tensor read(int64_t image, const std::string& name, Side& out) const {
    const auto of = case_.ints(name + "_image");
    std::vector<int64_t> rows;
    for (size_t i = 0; i < of.size(); ++i) {
      if (of[i] == image) rows.push_back(static_cast<int64_t>(i));
    }
    auto at = torch::tensor(rows, torch::kInt64);
    out.labels = torch::tensor(case_.ints(name + "_label"), torch::kInt64).index_select(0, at);
    if (kind != CocoKind::Masks) out.boxes = case_.tensor(name + "_boxes").index_select(0, at);
    if (kind == CocoKind::KeyPoints) out.key_points = case_.tensor(name + "_points").index_select(0, at);
    if (kind == CocoKind::Masks) {
      const auto texts = case_.texts(name + "_masks");
      const auto size = case_.ints("size");
      for (const auto i : rows) out.masks.push_back(io::runs_of_text(texts[static_cast<size_t>(i)], {size[0], size[1]}));
    }
    return at;
  }

  oracle::Case case_;
  int64_t images_;
};

// "coco/crowded" has more detections of a label in an image than count.
TEST(CocoEvaluator, NumbersEqualPycocotools) {
  for (const auto* const table : {"coco/numbers", "coco/crowded"}) {
    for (const auto& c : oracle::cases(table)) {
      SCOPED_TRACE(c.name());
      const Scene scene(c);
      CocoEvaluator evaluator({.kind = scene.kind, .box_format = BoundingBoxFormat::XYWH});
      for (int64_t i = 0; i < scene.images(); ++i) evaluator.update(i, scene.target(i), scene.detections(i));
      expect_equal_to_pycocotools(evaluator.compute(), c);
    }
  }
}

class CocoEvaluatorOfEveryKind : public testing::TestWithParam<size_t> {};

TEST_P(CocoEvaluatorOfEveryKind, DoesNotDependOnTheOrderOfImagesNorOnWhoSawThem) {
  const auto c = oracle::cases("coco/numbers").at(GetParam());
  const Scene scene(c);
  const CocoOptions options{.kind = scene.kind, .box_format = BoundingBoxFormat::XYWH};
  CocoEvaluator first(options), second(options);
  for (auto i = scene.images(); i-- > 0;) (i % 3 == 0 ? first : second).update(i, scene.target(i), scene.detections(i));
  first.merge(second);
  EXPECT_EQ(first.images(), scene.images());
  expect_equal_to_pycocotools(first.compute(), c);
  EXPECT_ERROR(first.merge(second), ValueError, "was seen by both");
  first.reset();
  EXPECT_EQ(first.images(), 0);
  EXPECT_EQ(first.compute()["AP"], -1);
}

INSTANTIATE_TEST_SUITE_P(Coco, CocoEvaluatorOfEveryKind, testing::Values(4, 10, 16));  // boxes, masks, key points

TEST(CocoEvaluator, NumbersOfLvisEqualFasterCocoEval) {
  std::map<int64_t, engine::LvisFrequency> frequencies;
  for (int64_t label = 1; label <= 8; ++label) frequencies[label] = static_cast<engine::LvisFrequency>(label % 3);
  for (const auto& c : oracle::cases("coco/lvis")) {
    SCOPED_TRACE(c.name());
    const Scene scene(c);
    auto options = engine::lvis_options(scene.kind, frequencies);
    options.box_format = BoundingBoxFormat::XYWH;
    CocoEvaluator evaluator(options);
    for (int64_t i = 0; i < scene.images(); ++i) {
      auto target = scene.target(i);
      target.absent = c.tensor("absent")[i];
      target.incomplete = c.tensor("incomplete")[i];
      evaluator.update(i, target, scene.detections(i));
    }
    std::vector<double> numbers;
    for (const auto& number : evaluator.compute().numbers) numbers.push_back(number.value);
    EXPECT_TENSOR_NEAR(torch::tensor(numbers, torch::kFloat64), c.tensor("numbers"), 0, 1e-12);
  }
}

TEST(CocoEvaluator, KeepsTheBestOfAnImageWhenSoManyAreAllowed) {
  const auto box = torch::tensor({{10.F, 10.F, 50.F, 60.F}}), far = torch::tensor({{90.F, 90.F, 99.F, 99.F}});
  const CocoDetections two{
      .boxes = torch::cat({box, far}), .labels = torch::tensor({3, 4}, torch::kInt64), .scores = torch::tensor({0.5, 0.9})};
  const auto average = [&](int64_t most) {
    CocoEvaluator evaluator({.max_per_image = most});
    evaluator.update(1, {.boxes = box, .labels = torch::tensor({3}, torch::kInt64)}, two);
    return evaluator.compute()["AP"];
  };
  EXPECT_DOUBLE_EQ(average(2), 1);
  EXPECT_DOUBLE_EQ(average(1), 0);
  EXPECT_ERROR(engine::lvis_options(CocoKind::KeyPoints, {}), ValueError, "no key points");
}

CocoTarget one_box() {
  return {.boxes = torch::tensor({{10.F, 10.F, 50.F, 60.F}}), .labels = torch::tensor({3}, torch::kInt64)};
}

TEST(CocoEvaluator, PrintsAndNamesItsNumbers) {
  CocoEvaluator evaluator;
  evaluator.update(7, one_box(), {.boxes = one_box().boxes, .labels = one_box().labels, .scores = torch::tensor({0.9})});
  evaluator.update(8, {.labels = torch::zeros({0}, torch::kInt64)}, {.labels = torch::zeros({0}, torch::kInt64)});
  const auto result = evaluator.compute();
  EXPECT_DOUBLE_EQ(result["AP"], 1);
  EXPECT_EQ(result["APsmall"], -1);
  EXPECT_DOUBLE_EQ(result["APmedium"], 1);
  EXPECT_DOUBLE_EQ(result.average_precision(3), 1);
  EXPECT_THAT(result.to_string(), ::testing::StartsWith("AP          1.000\nAP50        1.000\n"));
  EXPECT_ERROR(result["mAP"], NotFoundError, "there is no number \"mAP\"; there are AP, AP50");
  EXPECT_ERROR(result.average_precision(4), ValueError, "label 4 was not seen");
}

TEST(CocoEvaluator, RefusesWhatDoesNotFit) {
  CocoEvaluator boxes;
  const auto labels = one_box().labels;
  const auto expect_refuses = [&](const CocoDetections& detections, const char* message) {
    EXPECT_ERROR(boxes.update(1, one_box(), detections), ValueError, message);
  };
  expect_refuses({.labels = labels, .scores = torch::ones({1})}, "the detections must have boxes");
  expect_refuses({.boxes = torch::ones({2, 4}), .labels = labels, .scores = torch::ones({1})},
                 "4 numbers for each of 1 labels");
  expect_refuses({.boxes = torch::ones({1, 4}), .labels = labels}, "the detections must have scores");
  expect_refuses({.boxes = torch::ones({1, 4}), .labels = labels, .scores = torch::ones({2})}, "a number for each of 1 labels");
  expect_refuses({.boxes = torch::ones({1, 4}), .labels = labels, .scores = torch::full({1}, NAN)}, "got NaN");
  for (const auto side : {NAN, INFINITY}) {
    const auto boxes_of = torch::tensor({{10.F, 10.F, 20.F, 20.F}, {side, 10.F, 50.F, 60.F}});
    expect_refuses({.boxes = boxes_of, .labels = labels.repeat(2), .scores = torch::ones({2})},
                   "the boxes of the detections must be finite; row 1 is not");
    auto target = one_box();
    target.area = torch::tensor({side});
    EXPECT_ERROR(boxes.update(1, target, {.labels = labels.slice(0, 0, 0)}), ValueError,
                 "the areas of the target must be finite");
  }
  expect_refuses({.boxes = torch::ones({1, 4}), .labels = torch::ones({1}), .scores = torch::ones({1})}, "whole numbers");
  expect_refuses({}, "got an undefined tensor");
  EXPECT_EQ(boxes.images(), 0);
  boxes.update(1, one_box(), {.labels = torch::zeros({0}, torch::kInt64)});
  EXPECT_ERROR(boxes.update(1, one_box(), {.labels = torch::zeros({0}, torch::kInt64)}), ValueError,
               "image 1 was there before");

  CocoEvaluator masks({.kind = CocoKind::Masks});
  EXPECT_ERROR(masks.update(1, one_box(), {}), ValueError, "a mask for each of 1 labels, got 0");
  const io::RunLengths small{{4, 5}, {0, 20}}, large{{5, 5}, {0, 25}}, lying{{4, 5}, {0, 3}};
  const auto of = [&](const io::RunLengths& mask) { return CocoTarget{.labels = labels, .masks = {mask}}; };
  const CocoDetections found{.labels = labels, .scores = torch::ones({1}), .masks = {large}};
  EXPECT_ERROR(masks.update(1, of(small), found), ValueError, "must have one size, got (4, 5) and (5, 5)");
  EXPECT_ERROR(masks.update(1, of(lying), {.labels = labels.slice(0, 0, 0)}), ValueError, "must add up to the 20 pixels");
  EXPECT_ERROR(masks.merge(boxes), ValueError, "must have the same options");
  CocoEvaluator points({.kind = CocoKind::KeyPoints});
  EXPECT_ERROR(points.update(1, one_box(), {}), ValueError, "key points of the target must be (1, 17, 3)");
  auto person = one_box();
  person.key_points = torch::ones({1, 17, 3});
  auto counted = person;
  counted.num_keypoints = torch::ones({2});
  EXPECT_ERROR(points.update(1, counted, {.labels = labels.slice(0, 0, 0)}), ValueError,
               "the num_keypoints of the target must have a number for each of 1 labels, got (2,)");
  auto found_points = torch::ones({1, 17, 2});
  found_points[0][16][1] = NAN;
  EXPECT_ERROR(points.update(1, person, {.labels = labels, .scores = torch::ones({1}), .key_points = found_points}), ValueError,
               "the key points of the detections must be finite; row 0 is not");
  EXPECT_ERROR(CocoEvaluator({.max_detections = {10, 1}}), ValueError, "must be positive and ascend");
  EXPECT_ERROR(CocoEvaluator({.box_format = BoundingBoxFormat::XYWHR}), ValueError, "must be upright, got XYWHR");
  EXPECT_ERROR(CocoEvaluator({.iou_thresholds = std::vector<double>(65, 0.5)}), ValueError, "at most 64");
}

}  // namespace
}  // namespace opsis::engine
