// The transforms that mirror, cut several parts out, resize at random and keep boxes in order: draws, results and refusals against
// torchvision.
#include "opsis/core/parallel.h"
#include "opsis/core/random.h"
#include "opsis/datasets/examples.h"
#include "opsis/transforms.h"
#include "tests/support/expect.h"
#include "tests/support/transform_operations.h"

namespace opsis {
namespace {

using namespace transforms;

// The transforms of tests/oracle/transforms_sizes.py's PRINTED and EDGES.
const AnyTransform& sizes_transform(const std::string& name) {
  static const std::map<std::string, AnyTransform> all{
      {"RandomVerticalFlip()", RandomVerticalFlip()},
      {"RandomVerticalFlip(1)", RandomVerticalFlip(1.0)},
      {"ClampBoundingBoxes()", ClampBoundingBoxes()},
      {"ClampBoundingBoxes(hard)", ClampBoundingBoxes(ClampingMode::Hard)},
      {"ClampBoundingBoxes(none)", ClampBoundingBoxes(ClampingMode::None)},
      {"ClampKeyPoints()", ClampKeyPoints()},
      {"SetClampingMode(hard)", SetClampingMode(ClampingMode::Hard)},
      {"SetClampingMode(none)", SetClampingMode(ClampingMode::None)},
      {"SanitizeBoundingBoxes(4, 60)", SanitizeBoundingBoxes({.min_size = 4, .min_area = 60})},
      {"SanitizeKeyPoints()", SanitizeKeyPoints()},
      {"RandomZoomOut()", RandomZoomOut()},
      {"RandomZoomOut(fill)",
       RandomZoomOut({.fill = PerKind<Fill>{.image = Fill{1, 2, 3}, .others = 9}, .side_range = {1.5, 2.5}, .p = 0.8})},
      {"RandomIoUCrop()", RandomIoUCrop()},
      {"RandomIoUCrop(strict)", RandomIoUCrop({.min_scale = 0.2,
                                               .max_scale = 0.9,
                                               .min_aspect_ratio = 0.7,
                                               .max_aspect_ratio = 1.5,
                                               .sampler_options = {0.2, 0.4, 1.5},
                                               .trials = 7})},
      {"ScaleJitter()", ScaleJitter({40, 60})},
      {"ScaleJitter(range)",
       ScaleJitter({50, 30}, {.scale_range = {0.5, 1.1}, .interpolation = InterpolationMode::NEAREST, .antialias = false})},
      {"RandomShortestSize(20)", RandomShortestSize(20)},
      {"RandomShortestSize(many)",
       RandomShortestSize({20, 25, 30, 41}, {.max_size = 50, .interpolation = InterpolationMode::BICUBIC})},
      {"RandomResize(20, 40)", RandomResize(20, 40)},
      {"RandomResize(10, 60)", RandomResize(10, 60, {.interpolation = InterpolationMode::NEAREST_EXACT})},
      {"ConvertBoundingBoxFormat(XYWH)", ConvertBoundingBoxFormat(BoundingBoxFormat::XYWH)},
      {"FiveCrop(10)", FiveCrop(10)},
      {"TenCrop({10, 12}, true)", TenCrop({10, 12}, true)},
      {"CenterCrop(0)", CenterCrop(0)},
      {"CenterCrop(-5)", CenterCrop(-5)},
      {"CenterCrop({4, -5})", CenterCrop({4, -5})},
      {"RandomCrop(0)", RandomCrop(0)},
      {"RandomCrop(-2)", RandomCrop(-2)},
      {"RandomResizedCrop(scale 0)", RandomResizedCrop(4, {.scale = {0, 0}})},
      {"RandomResizedCrop(scale 1e30)", RandomResizedCrop(4, {.scale = {1e30, 1e30}})},
      {"Pad(0, fill 300)", Pad(0, {.fill = 300})},
      {"RandomZoomOut(no room, fill 300)", RandomZoomOut({.fill = 300, .side_range = {1, 1}, .p = 1})},
  };
  return all.at(name);
}

TEST(SizeTransforms, PrintAsTorchvisions) {
  for (const auto& c : oracle::cases("transforms_sizes/repr")) {
    EXPECT_EQ(sizes_transform(c.text("transform")).repr(), c.text("expected"));
  }
}

TEST(SizeTransforms, ChangeASampleAsTorchvisions) {
  const SerialScope serial;
  const Size canvas{33, 47};
  for (const auto& c : oracle::cases("transforms_sizes/sample")) {
    SCOPED_TRACE(c.name());
    const auto& transform = sizes_transform(c.text("transform"));
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    const auto [image, boxes, mask, points] =
        transform(Image(c.tensor("image")), BoundingBoxes(c.tensor("boxes"), BoundingBoxFormat::XYXY, canvas),
                  Mask(c.tensor("mask")), KeyPoints(c.tensor("points"), canvas));
    EXPECT_TENSOR_EQ(torch::rand({1}), c.tensor("next_draw"));
    EXPECT_TENSOR_EQ(image.data, c.tensor("expected_image"));
    EXPECT_TENSOR_EQ(boxes.data, c.tensor("expected_boxes"));
    EXPECT_TENSOR_EQ(mask.data, c.tensor("expected_mask"));
    EXPECT_TENSOR_EQ(points.data, c.tensor("expected_points"));
    EXPECT_EQ(boxes.canvas_size, operations::size(c.ints("expected_boxes_canvas")));
    EXPECT_EQ(points.canvas_size, operations::size(c.ints("expected_points_canvas")));
    EXPECT_EQ(to_string(boxes.clamping_mode), c.text("expected_clamping"));
  }
}

TEST(SizeTransforms, TakeSizesWithoutSenseAsTorchvisions) {
  const SerialScope serial;
  for (const auto& c : oracle::cases("transforms_sizes/edges")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    EXPECT_TENSOR_EQ(sizes_transform(c.text("transform"))(Image(c.tensor("image"))).data, c.tensor("expected"));
  }
}

struct LabelledBoxes {
  BoundingBoxes boxes;
  torch::Tensor labels, area;
  auto fields() { return std::tie(boxes); }
};

TEST(SanitizeBoundingBoxes, TakesLabelsAlong) {
  for (const auto& c : oracle::cases("transforms_sizes/labels")) {
    SCOPED_TRACE(c.name());
    const BoundingBoxes boxes(c.tensor("input"), BoundingBoxFormat::XYWH, {33, 47});
    const SanitizeBoundingBoxes sanitize({.min_size = c.number("min_size")});
    const LabelledBoxes sample{boxes, torch::arange(10), c.tensor("area")};
    const auto out = sanitize(sample, [](auto& s) { return std::tie(s.labels, s.area); });
    EXPECT_TENSOR_EQ(out.boxes.data, c.tensor("boxes"));
    EXPECT_TENSOR_EQ(out.labels, c.tensor("labels"));
    EXPECT_TENSOR_EQ(out.area, c.tensor("expected_area"));
    const auto alone = sanitize(
        sample, [](auto& s) -> auto& { return s.labels; });
    EXPECT_TENSOR_EQ(alone.labels, c.tensor("labels"));
    EXPECT_TENSOR_EQ(alone.area, sample.area);
  }
}

struct NamedBoxes : LabelledBoxes {
  auto per_box() { return std::tie(labels, area); }
};

TEST(SanitizeBoundingBoxes, TakesAlongInAPipelineWhatASampleNames) {
  for (const auto& c : oracle::cases("transforms_sizes/labels")) {
    SCOPED_TRACE(c.name());
    const BoundingBoxes boxes(c.tensor("input"), BoundingBoxFormat::XYWH, {33, 47});
    const SanitizeBoundingBoxes sanitize({.min_size = c.number("min_size")});
    const NamedBoxes sample{{boxes, torch::arange(10), c.tensor("area")}};
    const auto [recorded, record] = Compose{sanitize}.record(sample);
    for (const auto& out : {Compose{RandomApply({sanitize}, 1.0)}(sample), recorded, Compose{sanitize}.replay(record, sample),
                            sanitize(sample, [](auto& s) { return std::tie(s.labels, s.area); })}) {
      EXPECT_TENSOR_EQ(out.boxes.data, c.tensor("boxes"));
      EXPECT_TENSOR_EQ(out.labels, c.tensor("labels"));
      EXPECT_TENSOR_EQ(out.area, c.tensor("expected_area"));
    }
    const auto flipped = RandomHorizontalFlip(1.0)(sample);
    EXPECT_TENSOR_EQ(flipped.labels, sample.labels);
  }
}

TEST(SanitizeBoundingBoxes, TakesTheLabelsOfDetectedAlong) {
  const BoundingBoxes boxes(torch::tensor({{1.F, 1.F, 9.F, 9.F}, {3.F, 3.F, 3.F, 8.F}}), BoundingBoxFormat::XYXY, {20, 30});
  datasets::Detected example{.image = Image(torch::zeros({3, 20, 30}, torch::kUInt8)), .boxes = boxes};
  const Compose pipeline{RandomHorizontalFlip(1.0), SanitizeBoundingBoxes()};
  EXPECT_EQ(pipeline(example).boxes.data.size(0), 1);  // without labels too
  example.labels = torch::tensor({7, 8});
  EXPECT_TENSOR_EQ(pipeline(example).labels, torch::tensor({7}));
  const auto numbered = SanitizeBoundingBoxes()(
      std::pair(example, 5), [](auto& s) -> auto& { return s.first.labels; });
  EXPECT_TENSOR_EQ(numbered.first.labels, torch::tensor({7}));  // not taken out twice
  example.labels = torch::tensor({7, 8, 9});
  EXPECT_ERROR(pipeline(example), ValueError, "SanitizeBoundingBoxes: there must be a label for each of 2, got (3,)");
}

// Two frames with one draw, and the picture of a second camera.
TEST(SanitizeBoundingBoxes, LeavesLabelsWithBoxesThatAreNotAsManyAsTheFirst) {
  const auto detected = [](const torch::Tensor& boxes, const torch::Tensor& labels) {
    return datasets::Detected{.image = Image(torch::zeros({3, 20, 30}, torch::kUInt8)),
                              .boxes = BoundingBoxes(boxes, BoundingBoxFormat::XYXY, {20, 30}),
                              .labels = labels};
  };
  const auto two = detected(torch::tensor({{1.F, 1.F, 9.F, 9.F}, {3.F, 3.F, 3.F, 8.F}}), torch::tensor({7, 8}));
  const auto three =
      detected(torch::tensor({{1.F, 1.F, 9.F, 9.F}, {3.F, 3.F, 3.F, 8.F}, {2.F, 2.F, 8.F, 8.F}}), torch::tensor({1, 2, 3}));
  const auto expect_left = [&](const datasets::Detected& out) {
    EXPECT_EQ(out.boxes.data.size(0), 3);
    EXPECT_TENSOR_EQ(out.labels, three.labels);
  };
  const Compose pipeline{RandomHorizontalFlip(1.0), SanitizeBoundingBoxes(), SanitizeBoundingBoxes()};
  const auto [first, second] = pipeline(two, three);
  EXPECT_TENSOR_EQ(first.labels, torch::tensor({7}));
  expect_left(second);
  const auto frames = pipeline(std::vector{two, three, two});
  expect_left(frames[1]);
  const auto [left, record] = pipeline.record(std::pair(5, two));
  EXPECT_TENSOR_EQ(left.second.labels, torch::tensor({7}));
  expect_left(pipeline.replay(record, three));
  auto unlike = three;
  unlike.labels = two.labels;
  EXPECT_ERROR(pipeline(two, unlike), ValueError, "SanitizeBoundingBoxes: there must be a label for each of 3, got (2,)");
  // As many as the first: they go by what is valid there.
  const auto [one, other] = SanitizeBoundingBoxes()(two, detected(two.boxes.data.flip({0}), torch::tensor({4, 5})));
  EXPECT_TENSOR_EQ(other.labels, torch::tensor({4}));
}

struct LabelledPeople {
  BoundingBoxes boxes;
  KeyPoints points;
  torch::Tensor labels;
  auto fields() { return std::tie(boxes, points); }
};

// Each leaves alone what is the other's, unless it is named as labels are.
TEST(Sanitizers, OfBoxesWithKeyPointsDoWhatTorchvisionsDo) {
  using Sanitize = std::function<LabelledPeople(const LabelledPeople&)>;
  const SanitizeBoundingBoxes of_boxes({.min_size = 6});
  const SanitizeKeyPoints of_points;
  const auto labels = [](auto& s) -> auto& { return s.labels; };
  const std::map<std::string, Sanitize> ours{
      {"boxes", [&](const auto& s) { return of_boxes(s, labels); }},
      {"boxes with points",
       [&](const auto& s) { return of_boxes(s, [](auto& named) { return std::tie(named.labels, named.points.data); }); }},
      {"boxes without labels", [&](const auto& s) { return of_boxes(s); }},
      {"points", [&](const auto& s) { return of_points(s); }},
      {"points with labels", [&](const auto& s) { return of_points(s, labels); }},
      {"points with boxes",
       [&](const auto& s) { return of_points(s, [](auto& named) { return std::tie(named.labels, named.boxes.data); }); }}};
  for (const auto& c : oracle::cases("transforms_sizes/people")) {
    SCOPED_TRACE(c.name());
    const Size canvas{33, 47};
    const LabelledPeople sample{BoundingBoxes(c.tensor("boxes"), BoundingBoxFormat::XYXY, canvas),
                                KeyPoints(c.tensor("points"), canvas), c.tensor("labels")};
    const auto out = ours.at(c.text("sanitizer"))(sample);
    EXPECT_TENSOR_EQ(out.boxes.data, c.tensor("expected_boxes"));
    EXPECT_TENSOR_EQ(out.points.data, c.tensor("expected_points"));
    EXPECT_TENSOR_EQ(out.labels, c.tensor("expected_labels"));
  }
}

TEST(FiveCrop, MakesABatchOfAnImage) {
  const auto image = torch::randint(256, {3, 12, 15}, torch::kUInt8);
  const auto crops = functional::five_crop(image, {4});
  const auto [batch, points] = FiveCrop(4)(Image(image), KeyPoints(torch::ones({1, 2}), {12, 15}));
  EXPECT_TENSOR_EQ(batch.data, torch::stack(torch::TensorList(crops.data(), crops.size())));
  EXPECT_TENSOR_EQ(points.data, torch::ones({1, 2}));
  EXPECT_EQ(TenCrop({4, 5})(Image(image)).data.sizes(), (std::vector<int64_t>{10, 3, 4, 5}));
}

TEST(ConvertBoundingBoxFormat, LeavesTheRestAlone) {
  const BoundingBoxes boxes(torch::tensor({{2.0, 3.0, 10.0, 9.0}}), BoundingBoxFormat::XYXY, {20, 20});
  const auto image = torch::zeros({3, 20, 20});
  const auto [b, i] = ConvertBoundingBoxFormat(BoundingBoxFormat::XYWH)(boxes, Image(image));
  EXPECT_EQ(b.format, BoundingBoxFormat::XYWH);
  EXPECT_TENSOR_EQ(b.data, torch::tensor({{2.0, 3.0, 8.0, 6.0}}));
  EXPECT_TENSOR_EQ(i.data, image);
}

TEST(RandomIoUCrop, CutsVideosToo) {
  const random::Scope scope(1);
  const BoundingBoxes boxes(torch::tensor({{5, 5, 35, 35}}), BoundingBoxFormat::XYXY, {40, 40});
  const auto [video, cut] =
      RandomIoUCrop({.sampler_options = {0.0}})(Video(torch::zeros({2, 3, 40, 40}, torch::kUInt8)), boxes);
  EXPECT_EQ((Size{video.data.size(-2), video.data.size(-1)}), cut.canvas_size);
  EXPECT_LT(video.data.numel(), 2 * 3 * 40 * 40);
}

TEST(RandomIoUCrop, WithoutBoxesEndsInsteadOfDrawingForever) {
  const BoundingBoxes none(torch::zeros({0, 4}), BoundingBoxFormat::XYXY, {8, 10});
  const Image image(torch::zeros({3, 8, 10}));
  EXPECT_ERROR(RandomIoUCrop({.sampler_options = {0.5}})(image, none), ValueError, "without boxes no crop fits");
  EXPECT_EQ(std::get<0>(RandomIoUCrop()(image, none)).data.sizes(), image.data.sizes());
}

// torchvision never comes back.
TEST(RandomIoUCrop, EndsWhereNoCropCanFit) {
  const Image image(torch::zeros({3, 8, 10}));
  const auto box = [](float x, float y, float side) {
    return BoundingBoxes(torch::tensor({{x, y, x + side, y + side}}), BoundingBoxFormat::XYXY, {8, 10});
  };
  const RandomIoUCrop half({.sampler_options = {0.5}});
  EXPECT_ERROR(half(image, box(100, 100, 20)), ValueError, "no box has its centre on the sample of 8x10");
  EXPECT_ERROR(half(image, box(NAN, 1, 2)), ValueError, "no box has its centre on the sample of 8x10");
  EXPECT_ERROR(
      half(image, box(3, 3, 0.5)), ValueError,
      "RandomIoUCrop: no crop fits after 100000 tries, with scales of [0.3, 1], aspect ratios of [0.5, 2] and overlaps of "
      "[0.5]; give an overlap of 1 in sampler_options");
  EXPECT_ERROR(RandomIoUCrop({.min_aspect_ratio = 5, .sampler_options = {0.0}})(image, box(3, 3, 2)), ValueError,
               "no crop fits");
  EXPECT_ERROR(RandomIoUCrop({.sampler_options = {0.0}, .trials = 0})(image, box(3, 3, 2)), ValueError, "no crop fits");
  EXPECT_NO_THROW(RandomIoUCrop()(image, box(100, 100, 20)));
}

TEST(SizeTransforms, RefuseWhatTorchvisionRefuses) {
  const Image image(torch::zeros({3, 8, 10}, torch::kUInt8));
  const Mask mask(torch::zeros({8, 10}));
  const BoundingBoxes boxes(torch::tensor({{1.0, 2.0, 3.0, 4.0}}), BoundingBoxFormat::XYXY, {8, 10});
  const BoundingBoxes turned(torch::tensor({{4.0, 4.0, 3.0, 4.0, 10.0}}), BoundingBoxFormat::CXCYWHR, {8, 10});
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  struct Refusal {
    std::function<void()> call;
    std::string message;
  };
  const auto crop = [=](RandomResizedCropOptions options) { return [=] { RandomResizedCrop(4, options)(image); }; };
  const std::map<std::string, Refusal> ours{
      {"RandomResizedCrop(ratio 0)", {crop({.ratio = {0, 0}}), "ratio must be (least, greatest) above 0, got (0.0, 0.0)"}},
      {"RandomResizedCrop(ratio -1)", {crop({.ratio = {-1, 1}}), "ratio must be (least, greatest) above 0"}},
      {"RandomResizedCrop(ratio 0 to 1)", {crop({.ratio = {0, 1}}), "ratio must be (least, greatest) above 0"}},
      {"RandomResizedCrop(scale -1)",
       {crop({.scale = {-1, -0.5}}), "scale must be (least, greatest) from 0 on, got (-1.0, -0.5)"}},
      {"RandomResizedCrop(scale -1 to 1)", {crop({.scale = {-1, 1}}), "scale must be (least, greatest) from 0 on"}},
      {"RandomResizedCrop(scale nan)", {crop({.scale = {nan, 1}}), "scale must be (least, greatest) from 0 on"}},
      {"RandomResizedCrop(scale inf)", {crop({.scale = {0.5, infinite}}), "scale must be (least, greatest) from 0 on"}},
      {"RandomResizedCrop(0)", {[=] { RandomResizedCrop(0)(image); }, "the new size must be positive, got (0, 0)"}},
      {"Pad fill []",
       {[=] { Pad(1, {.fill = Fill(std::vector<double>())})(image); }, "pad: fill must have 1 or 3 numbers, got none"}},
      {"Pad fill [] edge",
       {[=] { Pad(1, {.fill = Fill(std::vector<double>()), .padding_mode = PaddingMode::Edge})(image); },
        "pad: fill must have 1 or 3 numbers, got none"}},
      {"Pad fill 300", {[=] { Pad(1, {.fill = 300})(image); }, "pad: fill must be a number that Byte holds, got 300"}},
      {"RandomCrop fill -1",
       {[=] { RandomCrop(20, {.pad_if_needed = true, .fill = -1})(image); },
        "pad: fill must be a number that Byte holds, got -1"}},
      {"RandomZoomOut fill 300",
       {[=] {
          RandomZoomOut({.fill = 300, .side_range = {2, 2}, .p = 1})(image);
        },
        "pad: fill must be a number that Byte holds"}},
      {"RandomVerticalFlip(2)", {[] { RandomVerticalFlip(2.0); }, "RandomVerticalFlip: p must be in [0, 1], got 2"}},
      {"FiveCrop({})", {[] { FiveCrop(std::vector<int64_t>{}); }, "FiveCrop: size must have 1 or 2 numbers, got 0"}},
      {"FiveCrop(9)", {[=] { FiveCrop(9)(image); }, "size must not be larger than the image, got (9, 9) of (8, 10)"}},
      {"FiveCrop boxes", {[=] { FiveCrop(3)(image, boxes); }, "FiveCrop: the sample must have neither boxes nor masks"}},
      {"TenCrop mask", {[=] { TenCrop(3)(image, mask); }, "TenCrop: the sample must have neither boxes nor masks, got Mask"}},
      {"TenCrop({1, 2, 3})",
       {[] {
          TenCrop({1, 2, 3});
        },
        "TenCrop: size must have 1 or 2 numbers, got 3"}},
      {"SanitizeBoundingBoxes(0.5)",
       {[] { SanitizeBoundingBoxes({.min_size = 0.5}); }, "min_size must be at least 1, got 0.5"}},
      {"SanitizeBoundingBoxes(1, 0)", {[] { SanitizeBoundingBoxes({.min_area = 0}); }, "min_area must be at least 1, got 0"}},
      {"SanitizeBoundingBoxes no boxes",
       {[=] { SanitizeBoundingBoxes()(image); }, "SanitizeBoundingBoxes: the sample must have bounding boxes, got none"}},
      {"SanitizeBoundingBoxes labels",
       {[=] {
          SanitizeBoundingBoxes()(
              LabelledBoxes{boxes, torch::zeros({2}), {}}, [](auto& s) -> auto& { return s.labels; });
        },
        "there must be a label for each of 1, got (2,)"}},
      {"SanitizeKeyPoints no points",
       {[=] { SanitizeKeyPoints()(image); }, "SanitizeKeyPoints: the sample must have key points, got none"}},
      {"RandomZoomOut(side 0.5)",
       {[] {
          RandomZoomOut({.side_range = {0.5, 2}});
        },
        "side_range must be (least, greatest) from 1 on, got (0.5, 2.0)"}},
      {"RandomZoomOut(side 3 to 2)",
       {[] {
          RandomZoomOut({.side_range = {3, 2}});
        },
        "side_range must be (least, greatest)"}},
      {"RandomZoomOut(p)", {[] { RandomZoomOut({.p = 1.5}); }, "RandomZoomOut: p must be in [0, 1], got 1.5"}},
      {"RandomIoUCrop no boxes",
       {[=] { RandomIoUCrop()(image); }, "the sample must have an image or a video, and bounding boxes"}},
      {"RandomIoUCrop no image",
       {[=] { RandomIoUCrop()(boxes, mask); }, "the sample must have an image or a video, and bounding boxes"}},
      {"RandomIoUCrop rotated",
       {[=] { RandomIoUCrop({.sampler_options = {0}})(image, turned); }, "CXCYWHR and XYXY are upright and rotated"}},
      {"RandomIoUCrop no options",
       {[=] { RandomIoUCrop({.sampler_options = {}})(image, boxes); }, "sampler_options must have a number, got none"}},
      {"RandomIoUCrop no height",
       {[=] { RandomIoUCrop({.min_scale = 0, .max_scale = 0, .sampler_options = {0}})(image, boxes); },
        "a crop must have a height; the sample 10x8 is too small for min_scale 0"}},
      {"ScaleJitter(0)",
       {[=] {
          ScaleJitter({0, 0})(image);
        },
        "resize: the new size must be positive, got (0, 0)"}},
      {"RandomShortestSize({})", {[] { RandomShortestSize(std::vector<int64_t>{}); }, "min_size must have a number, got none"}},
      {"RandomResize(5, 5)",
       {[=] { RandomResize(5, 5)(image); }, "RandomResize: min_size must be below max_size, got 5 and 5"}},
      {"ConvertBoundingBoxFormat rotated",
       {[=] { ConvertBoundingBoxFormat{BoundingBoxFormat::CXCYWHR}(boxes); }, "are upright and rotated"}},
  };
  for (const auto& c : oracle::cases("transforms_sizes/refusals")) {
    SCOPED_TRACE(c.name());
    EXPECT_TRUE(c.boolean("refused"));
    const auto found = ours.find(c.text("what"));
    ASSERT_NE(found, ours.end());
    EXPECT_ERROR(found->second.call(), ValueError, found->second.message);
  }
}

}  // namespace
}  // namespace opsis
