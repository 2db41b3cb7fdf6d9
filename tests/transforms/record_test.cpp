// What was drawn: printed, kept, replayed and undone.
#include "opsis/transforms/record.h"

#include "opsis/core/random.h"
#include "opsis/transforms.h"
#include "tests/support/expect.h"
#include "tests/support/written_transforms.h"

namespace opsis {
namespace {

using namespace transforms;

Image noise(int64_t height, int64_t width) { return Image(torch::randint(256, {3, height, width}, torch::kUInt8)); }

BoundingBoxes some_boxes(Size canvas, BoundingBoxFormat format = BoundingBoxFormat::XYXY) {
  const auto data = torch::tensor({{8., 9., 20., 18.}, {12., 10., 19., 22.}}, torch::kFloat64);
  const BoundingBoxes upright(data, BoundingBoxFormat::XYXY, canvas, ClampingMode::None);
  if (!tv_tensors::is_rotated_bounding_format(format)) return functional::convert_bounding_box_format(upright, format);
  const auto turned = torch::tensor({{15., 14., 8., 4., 30.}, {16., 15., 5., 7., -75.}}, torch::kFloat64);
  return functional::convert_bounding_box_format(BoundingBoxes(turned, BoundingBoxFormat::CXCYWHR, canvas, ClampingMode::None),
                                                 format);
}

KeyPoints some_points(Size canvas) { return {torch::tensor({{9., 10.}, {15.5, 13.25}}, torch::kFloat64), canvas}; }

// A user's, which draws in an unusual place and names no fields.
struct Opaque {
  int64_t by;
};
class AddOpaque final : public Drawing<AddOpaque> {
 public:
  Opaque make_params(std::span<const Value>) const { return {random::integer(1, 100)}; }
  Value transform(const Value& value, const Opaque& params) const {
    return apply_kernel<Image>(value, [&](const Image& image) { return Image(image.data + params.by); });
  }
  std::string repr() const override { return "AddOpaque()"; }
};

class NoiseInTransform final : public Fixed<NoiseInTransform> {
 public:
  Value transform(const Value& value) const {
    return apply_kernel<Image>(value, [](const Image& image) {
      return Image(image.data + torch::randint(100, image.data.sizes(), random::current(), image.data.options()));
    });
  }
  std::string repr() const override { return "NoiseInTransform()"; }
};

// As a user would write a transform from the bottom: only apply and repr.
class Bare final : public Transform {
 public:
  void apply(std::span<Value> values) const override {
    if (random::uniform() < 0.5f) functional_shift(values, random::integer(1, 9));
  }
  std::string repr() const override { return "Bare()"; }

 private:
  static void functional_shift(std::span<Value> values, int64_t by) {
    for (auto& value : values) {
      value = apply_kernel<Image>(value, [&](const Image& image) { return Image(image.data + by); });
    }
  }
};

class ShiftRight final : public Fixed<ShiftRight> {
 public:
  Value transform(const Value& value) const {
    return apply_kernel(value, [](const auto& v) { return functional::pad(v, {5, 0, 0, 0}); });
  }
  std::string repr() const override { return "ShiftRight()"; }
};

const Compose& pipeline() {
  static const Compose train{Pad(3, {.fill = 7}),
                             RandomApply({RandomCrop(28), RandomHorizontalFlip(0.7)}, 0.8),
                             AddOpaque(),
                             RandomResizedCrop(24),
                             RandomHorizontalFlip(),
                             ToDtype(torch::kFloat32, {.scale = true})};
  return train;
}

TEST(Record, LeavesTheDrawsAndTheResultAlone) {
  const auto image = noise(40, 50);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    random::Scope scope(seed);
    const auto plain = pipeline()(image);
    const auto next = random::uniform();
    random::Scope again(seed);
    const auto [recorded, record] = pipeline().record(image);
    EXPECT_TENSOR_EQ(recorded.data, plain.data);
    EXPECT_EQ(random::uniform(), next);
    EXPECT_EQ(record.name, "Compose");
  }
}

TEST(Record, ReplaysOnAnotherSampleWithoutDrawing) {
  const auto left = noise(40, 50), right = noise(40, 50);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    random::Scope scope(seed);
    const auto [both_left, both_right] = pipeline()(left, right);
    random::Scope again(seed);
    const auto [out, record] = pipeline().record(left);
    EXPECT_TENSOR_EQ(out.data, both_left.data);
    random::Scope other(seed + 1000);
    EXPECT_TENSOR_EQ(pipeline().replay(record, right).data, both_right.data);
    random::Scope fresh(seed + 1000);
    const auto untouched = random::uniform();
    random::Scope replayed(seed + 1000);
    pipeline().replay(record, right);
    EXPECT_EQ(random::uniform(), untouched);
  }
}

TEST(Record, ReadsBackFromJson) {
  const Compose train{RandomCrop(28, {.padding = {2}, .pad_if_needed = true}), RandomApply({RandomHorizontalFlip()}, 0.5),
                      RandomResizedCrop(24), NoiseInTransform(), Bare()};
  const auto left = noise(40, 50);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    random::Scope scope(seed);
    const auto [out, record] = train.record(left);
    const auto read = Record::parse(record.dump(2));
    EXPECT_EQ(read.json(), record.json());
    EXPECT_TENSOR_EQ(train.replay(read, left).data, out.data);
  }
}

// Records a transform on a sample, and replays it by JSON; false when it does not take such a sample.
template <class Sample>
bool replays(const AnyTransform& transform, const Sample& sample) {
  random::Scope scope(3);
  std::vector<torch::Tensor> plain;
  try {
    plain = written::tensors(transform(written::copied(sample)));
  } catch (const ValueError&) {
    return false;
  }
  random::Scope again(3);
  const auto [out, record] = transform.record(written::copied(sample));
  const auto recorded = written::tensors(out);
  const auto replayed = written::tensors(transform.replay(Record::parse(record.dump()), written::copied(sample)));
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_TENSOR_EQ(recorded[i], plain[i]);
    EXPECT_TENSOR_EQ(replayed[i], plain[i]);
  }
  return true;
}

TEST(Record, OfEachTransformReplaysByJson) {
  const auto& [whole, image, video, floats, two_numbers] = written::samples();
  for (const auto& [code, transform] : written::transforms()) {
    if (code.starts_with("MixUp") || code.starts_with("CutMix")) continue;  // with their labels, below
    SCOPED_TRACE(code);
    const int taken = replays(transform, whole) + replays(transform, image) + replays(transform, video) +
                      replays(transform, floats) + replays(transform, two_numbers);
    EXPECT_GT(taken, 0);
  }
}

TEST(Record, OfMixUpAndCutMixReplaysWithLabels) {
  const auto images = torch::rand({4, 3, 6, 8});
  const auto labels = torch::tensor({0, 1, 2, 1});
  const auto expect_replays = [&](const auto& mix) {
    random::Scope scope(4);
    const auto [expected, shares] = mix(images, labels);
    random::Scope again(4);
    const auto [out, record] = mix.record(images, labels);
    EXPECT_TENSOR_EQ(std::get<0>(out), expected);
    const auto [replayed, replayed_shares] = mix.replay(Record::parse(record.dump()), images, labels);
    EXPECT_TENSOR_EQ(replayed, expected);
    EXPECT_TENSOR_EQ(replayed_shares, shares);
    EXPECT_EQ(record.source, (Size{6, 8}));
  };
  expect_replays(MixUp({.num_classes = 3}));
  expect_replays(CutMix({.num_classes = 3}));
}

TEST(Record, OfContainersThatDrawNamesTheirParts) {
  const RandomChoice one({Pad(1), RandomCrop(4)}, {{0.0, 1.0}});
  const random::Scope scope(0);
  const auto [out, record] = one.record(noise(8, 6));
  ASSERT_EQ(record.parts.size(), 1);
  EXPECT_EQ(record.parts[0].name, "RandomCrop");
  EXPECT_EQ(record.parts[0].part, 1);
  const RandomOrder all({Pad(1), RandomCrop(4), RandomVerticalFlip(1.0)});
  const auto [shuffled, order] = all.record(noise(8, 6));
  EXPECT_EQ(order.parts.size(), 3);
}

TEST(Record, OfParametersWithoutFieldsIsForReplayAlone) {
  const auto image = noise(8, 8);
  const auto [out, record] = AddOpaque().record(image);
  EXPECT_TENSOR_EQ(AddOpaque().replay(record, image).data, out.data);
  EXPECT_TRUE(record.params().is_null());
  EXPECT_ERROR(AddOpaque().replay(Record::parse(record.dump()), image), ValueError,
               "AddOpaque: the record has no parameters; those of a struct without fields() are not kept in JSON");
}

TEST(Record, PrintsALineForEachTransform) {
  const Compose train{RandomCrop(4), RandomHorizontalFlip(0.0), RandomApply({Pad(1)}, 1.0)};
  const random::Scope scope(0);
  const auto [out, record] = train.record(noise(8, 6));
  std::ostringstream text;
  text << record;
  EXPECT_EQ(text.str().substr(0, text.str().find("\"top\"")), "Compose\n  RandomCrop {\"padding\":[0,0,0,0],\"region\":{");
  EXPECT_THAT(text.str(), testing::EndsWith("\n  RandomHorizontalFlip did not happen\n  RandomApply\n    Pad"));
  EXPECT_EQ(record.source, (Size{8, 6}));
}

TEST(Record, OfAnotherTransformIsRefused) {
  const auto [out, record] = RandomCrop(4).record(noise(8, 8));
  EXPECT_ERROR(RandomResizedCrop(4).replay(record, noise(8, 8)), ValueError,
               "RandomResizedCrop: the record is of another transform, RandomCrop");
  EXPECT_ERROR(Compose{RandomCrop(4)}.replay(record, noise(8, 8)), ValueError, "Compose: the record is of another transform");
  Record foreign;
  foreign.name = "Compose";
  foreign.parts.push_back(record);
  foreign.parts[0].part = 7;
  EXPECT_ERROR(Compose{RandomCrop(4)}.replay(foreign, noise(8, 8)), ValueError, "Compose: the record names part 7 of 1");
  EXPECT_ERROR(
      RandomCrop(4).replay(Record::parse(R"({"name": "RandomCrop", "params": {"padding": [0, 0, 0, 0]}})"), noise(8, 8)),
      ValueError, "there is no member \"region\"");
  EXPECT_ERROR(Record::parse("[1"), ValueError, "Json: ");
  EXPECT_ERROR(Record::parse("{}"), ValueError, "there is no member \"name\"");
}

TEST(Record, OfNothingThatCouldHaveBeenDrawnIsRefused) {
  const auto replay = [](const AnyTransform& transform, std::string_view json) {
    return transform.replay(Record::parse(json), noise(32, 40));
  };
  for (const auto* order : {"[100000000]", "[-3]", "[4]"}) {
    const auto json = std::string(R"({"name": "ColorJitter", "params": {"order": )") + order + R"(, "brightness": 0.5}})";
    EXPECT_ERROR(replay(ColorJitter(), json), ValueError, "ColorJitter: order must be of numbers from 0 to 3");
    EXPECT_ERROR(replay(transforms::v1::ColorJitter(), json), ValueError, "ColorJitter: order must be of numbers from 0 to 3");
  }
  EXPECT_ERROR(replay(RandomZoomOut(), R"({"name": "RandomZoomOut", "source": [32, 40],
                                           "params": {"padding": [9223372036854775807, 0, 9223372036854775807, 0]}})"),
               ValueError, "a border must have at most 2^40 pixels");
  // The generator's words: one that claims more of them than there are.
  auto [out, record] = GaussianNoise().record(noise(4, 4));
  if (!record.generator.empty()) {
    auto hostile = record;
    hostile.generator[8] = 624 & 0xFF, hostile.generator[9] = 624 >> 8;
    hostile.generator[16] = 624 & 0xFF, hostile.generator[17] = 624 >> 8;
    EXPECT_ERROR(GaussianNoise().replay(hostile, noise(4, 4)), ValueError, "generator is in no state that there is");
    hostile.generator.pop_back();
    EXPECT_ERROR(GaussianNoise().replay(hostile, noise(4, 4)), ValueError, "the record's generator must have");
  }
}

// What a detector finds on the result, back on the source.
struct Invertible {
  AnyTransform transform;
  bool keeps_angles = true;  // when false, rotated boxes come back as others
};

TEST(Invert, BringsBoxesAndPointsBack) {
  const Size canvas{30, 40};
  const std::vector<Invertible> all{
      {Resize({60, 80})},
      {Resize({60, 100}), false},
      {Resize(45), false},
      {Pad({1, 2, 3, 4})},
      {CenterCrop({29, 28})},
      {CenterCrop({35, 51})},
      {RandomCrop({29, 28}, {.padding = {3}})},
      {RandomCrop({50, 60}, {.pad_if_needed = true})},
      {RandomResizedCrop({24, 33}), false},
      {RandomHorizontalFlip(1.0)},
      {RandomVerticalFlip(1.0)},
      {ToDtype(torch::kFloat32, {.scale = true})},
      {RandomZoomOut({.p = 1.0})},
      {RandomIoUCrop({.min_scale = 0.9, .sampler_options = {0.0}})},
      {ScaleJitter({64, 70}), false},
      {RandomShortestSize({20, 37, 50}, {.max_size = 60}), false},
      {RandomResize(20, 50), false},
      {RandomRotation({90, 90}, {.expand = true})},
      {SanitizeKeyPoints()},
      {Compose{Resize({64, 90}), RandomApply({Pad(2)}, 0.5), RandomHorizontalFlip(), RandomCrop(60)}, false},
      {RandomOrder({Resize({64, 90}), Pad(2), RandomVerticalFlip()}), false},
      {RandomChoice({RandomZoomOut({.p = 1.0}), RandomVerticalFlip(1.0)})},
  };
  for (const auto& [transform, keeps_angles] : all) {
    for (const auto format : {BoundingBoxFormat::XYXY, BoundingBoxFormat::XYWH, BoundingBoxFormat::CXCYWH,
                              BoundingBoxFormat::XYWHR, BoundingBoxFormat::CXCYWHR, BoundingBoxFormat::XYXYXYXY}) {
      const bool rotated = tv_tensors::is_rotated_bounding_format(format);
      const bool iou = transform.repr().starts_with("RandomIoUCrop");  // which refuses rotated boxes
      if (rotated && (!keeps_angles || iou)) continue;
      SCOPED_TRACE(transform.repr() + " " + std::string(to_string(format)));
      for (uint64_t seed = 0; seed < 5; ++seed) {
        const random::Scope scope(seed);
        const auto boxes = some_boxes(canvas, format);
        const auto points = some_points(canvas);
        const auto [out, record] = transform.record(noise(30, 40), boxes, points);
        const auto [back, points_back] = transform.invert(record, std::get<1>(out), std::get<2>(out));
        EXPECT_TENSOR_NEAR(back.data, boxes.data, 1e-6, 0);
        EXPECT_EQ(back.canvas_size, canvas);
        EXPECT_TENSOR_NEAR(points_back.data, points.data, 1e-6, 0);
        EXPECT_EQ(points_back.canvas_size, canvas);
      }
    }
  }
}

// Whether each of the upright boxes lies within the one that came back, which goes around its turned self.
bool within(const BoundingBoxes& boxes, const BoundingBoxes& back) {
  const auto inner = boxes.data, outer = back.data;
  const auto least = outer.slice(1, 0, 2) <= inner.slice(1, 0, 2) + 1e-3;
  const auto greatest = outer.slice(1, 2, 4) >= inner.slice(1, 2, 4) - 1e-3;
  return least.all().item<bool>() && greatest.all().item<bool>();
}

double overlap(const torch::Tensor& one, const torch::Tensor& other) {
  return (one & other).sum().item<double>() / (one | other).sum().item<double>();
}

TEST(Invert, TurnsAndBendsBack) {
  const Size canvas{60, 80};
  const auto mask = torch::zeros({60, 80}, torch::kUInt8);
  mask.slice(0, 20, 40).slice(1, 30, 52).fill_(3);
  const RandomAffineOptions everything{.translate = {{0.1, 0.1}}, .scale = {{0.8, 1.2}}, .shear = {-9, 9, -5, 5}};
  auto off_center = everything;
  off_center.center = Point{10, 20.5};
  const std::vector<Invertible> all{
      {RandomRotation(180)},
      {RandomRotation(180, {.expand = true})},
      {RandomRotation(20, {.center = Point{30, 21.5}})},
      {RandomRotation({90, 90})},
      {RandomAffine(30, {.translate = {{0.1, 0.2}}, .scale = {{0.7, 1.5}}})},
      {RandomAffine(30, everything), false},
      {RandomAffine({10, 20}, off_center), false},
      {RandomPerspective(0.4, {.p = 1.0}), false},
      {Compose{RandomRotation(180, {.expand = true}), RandomVerticalFlip(), Pad(4)}},
  };
  for (const auto& [transform, keeps_angles] : all) {
    SCOPED_TRACE(transform.repr());
    for (uint64_t seed = 0; seed < 8; ++seed) {
      const random::Scope scope(seed);
      const auto upright = some_boxes(canvas), turned = some_boxes(canvas, BoundingBoxFormat::CXCYWHR);
      const auto points = some_points(canvas);
      const KeyPoints floats(points.data.to(torch::kFloat32), canvas);
      const auto [out, record] = transform.record(Mask(mask), upright, turned, points, floats);
      const auto& [moved_mask, moved_upright, moved_turned, moved_points, moved_floats] = out;
      const auto [m, u, t, p, f] =
          transform.invert(Record::parse(record.dump()), moved_mask, moved_upright, moved_turned, moved_points, moved_floats);
      EXPECT_TENSOR_NEAR(p.data, points.data, 0, 1e-6);
      EXPECT_TENSOR_NEAR(f.data, floats.data, 0, 1e-3);
      EXPECT_EQ(p.canvas_size, canvas);
      EXPECT_EQ(u.canvas_size, canvas);
      EXPECT_TRUE(within(upright, u)) << u;
      if (keeps_angles) {
        EXPECT_TENSOR_NEAR(t.data, turned.data, 0, 1e-6);
      }
      EXPECT_EQ(m.data.sizes(), mask.sizes());
      EXPECT_GT(overlap(m.data == 3, mask == 3), 0.9);
    }
  }
}

// An image whose pixels hold their own place tells where each pixel of the result came from.
TEST(Invert, OfElasticTransformFollowsThePixels) {
  const Size canvas{60, 80};
  const auto y = torch::arange(60, torch::kFloat64).view({60, 1}).expand({60, 80});
  const auto x = torch::arange(80, torch::kFloat64).expand({60, 80});
  const Image places(torch::stack({x, y}));
  const auto inner = [](const torch::Tensor& image) { return image.slice(-2, 12, -12).slice(-1, 12, -12); };
  const ElasticTransform transform({.alpha = {60}, .sigma = {6}});
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const random::Scope scope(seed);
    const auto [out, drawn] = transform.record(places);
    EXPECT_GT((inner(out.data) - inner(places.data)).abs().max().item<double>(), 1);
    const auto record = Record::parse(drawn.dump());

    const auto points = [&](const torch::Tensor& image) { return inner(image).flatten(1).t().contiguous(); };
    const auto back = transform.invert(record, KeyPoints(points(places.data), canvas));
    EXPECT_TENSOR_NEAR(back.data, points(out.data), 0, 1e-6);
    EXPECT_TENSOR_NEAR(transform.invert(record, KeyPoints(points(places.data).to(torch::kFloat32), canvas)).data,
                       points(out.data).to(torch::kFloat32), 0, 1e-4);

    const BoundingBoxes upright(torch::tensor({{20., 15., 50., 40.}}, torch::kFloat64), BoundingBoxFormat::XYXY, canvas);
    const auto corners =
        out.data.index({torch::indexing::Slice(), torch::tensor({15, 15, 40, 40}), torch::tensor({20, 50, 20, 50})});
    const auto around = torch::cat({std::get<0>(corners.min(1)), std::get<0>(corners.max(1))}).unsqueeze(0);
    EXPECT_TENSOR_NEAR(transform.invert(record, upright).data, around, 0, 1e-6);
    const BoundingBoxes turned(torch::tensor({{30., 25., 8., 4., 30.}}, torch::kFloat64), BoundingBoxFormat::CXCYWHR, canvas);
    const auto center = out.data.index({torch::indexing::Slice(), 25, 30});
    EXPECT_TENSOR_NEAR(transform.invert(record, turned).data,
                       torch::cat({center, torch::tensor({8., 4., 30.}, torch::kFloat64)}).unsqueeze(0), 0, 1e-6);

    EXPECT_TENSOR_NEAR(inner(transform.invert(record, out).data), inner(places.data), 0, 0.01);
  }
}

TEST(Invert, OfElasticTransformGoesThereAndBack) {
  const Size canvas{60, 80};
  const auto mask = torch::zeros({60, 80}, torch::kUInt8);
  mask.slice(0, 20, 40).slice(1, 30, 52).fill_(3);
  constexpr int64_t edge = int64_t{2} * (20 + 22);  // a pixel wide: a mask is not blended, there nor back
  const KeyPoints points(torch::tensor({{9., 10.}, {15., 30.}, {70., 40.}, {40., 50.}}, torch::kFloat64), canvas);
  // Gentle, for boxes and points go there by the step at their own place, which is not quite where they come to lie.
  const ElasticTransform bends({.alpha = {60}, .sigma = {6}}), gently({.alpha = {20}, .sigma = {6}});
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const random::Scope scope(seed);
    const auto [moved, record] = bends.record(Mask(mask));
    EXPECT_GT(moved.data.ne(mask).sum().item<int64_t>(), edge / 4);
    EXPECT_LE(bends.invert(record, moved).data.ne(mask).sum().item<int64_t>(), edge / 2);

    const auto [there, gentle] = gently.record(points);
    EXPECT_TENSOR_NEAR(gently.invert(gentle, there).data, points.data, 0, 0.25);
    const auto boxes = functional::convert_bounding_box_format(
        BoundingBoxes(torch::tensor({{20., 15., 50., 40.}}, torch::kFloat64), BoundingBoxFormat::XYXY, canvas),
        BoundingBoxFormat::XYWH);
    const auto boxes_back = gently.invert(gentle, gently.replay(gentle, boxes));
    EXPECT_TENSOR_NEAR(boxes_back.data, boxes.data, 0, 1.5);  // around what is bent, twice
    EXPECT_EQ(boxes_back.format, BoundingBoxFormat::XYWH);
  }
  // What nothing moved lies where it lay, also in whole numbers, which are not cut.
  const ElasticTransform still({.alpha = {0}, .sigma = {0}});
  const Size wide{3, 500};
  const auto columns = torch::arange(0, 500);
  const KeyPoints whole(torch::stack({columns, columns.remainder(3)}, 1), wide);
  EXPECT_TENSOR_EQ(still.invert(still.record(whole).second, whole).data, whole.data);
  const auto none =
      gently.invert(gently.record(points).second, BoundingBoxes(torch::zeros({0, 4}), BoundingBoxFormat::XYXY, canvas));
  EXPECT_EQ(none.data.size(0), 0);
  EXPECT_ERROR(gently.invert(gently.record(points).second, KeyPoints(points.data, Size{60, 81})), ValueError,
               "elastic: the displacement must be (1, 60, 81, 2), got (1, 60, 80, 2)");
}

TEST(Invert, MovesPixelsBackByWhereTheyCameFrom) {
  const auto image = noise(30, 40);
  const RandomRotation quarter({90, 90}, {.expand = true});
  const auto [out, record] = quarter.record(image);
  EXPECT_EQ(out.data.size(-1), 30);
  EXPECT_TENSOR_EQ(quarter.invert(record, out).data, image.data);
}

TEST(Invert, TakesTheMovesOfAutoAugmentBack) {
  const Size canvas{60, 80};
  const auto record = Record::parse(R"({"name": "AutoAugment", "source": [60, 80], "params": {"steps": [
    {"operation": "Rotate", "magnitude": 20}, {"operation": "Invert", "magnitude": 0}, {"operation": "ShearX", "magnitude": 0.3},
    {"operation": "ShearY", "magnitude": -0.2}, {"operation": "TranslateX", "magnitude": 7.5},
    {"operation": "TranslateY", "magnitude": -3}]}})");
  const auto points = some_points(canvas);
  const auto sheared = [](const KeyPoints& from, std::vector<double> tangents) {
    for (auto& tangent : tangents) tangent = std::atan(tangent) * 180 / M_PI;
    return functional::affine(from, 0, {0, 0}, 1, tangents, {.center = Point{0, 0}});
  };
  auto moved = sheared(sheared(functional::rotate(points, 20), {0.3, 0}), {0, -0.2});
  moved.data = moved.data + torch::tensor({7., -3.}, torch::kFloat64);
  EXPECT_TENSOR_NEAR(AutoAugment().invert(record, moved).data, points.data, 0, 1e-6);
}

TEST(Invert, OfRandomIoUCropLeavesASampleThatWasNotCut) {
  const RandomIoUCrop whole({.sampler_options = {1.0}});
  const auto boxes = some_boxes({30, 40});
  const auto [out, record] = whole.record(noise(30, 40), boxes);
  EXPECT_TENSOR_EQ(whole.invert(record, boxes).data, boxes.data);
}

TEST(Invert, PutsMasksBackWhereTheyWere) {
  const Mask mask(torch::randint(1, 20, {30, 40}));
  const Compose crop{Pad(2), RandomCrop({20, 25}), RandomHorizontalFlip(1.0), Resize({40, 50})};
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const random::Scope scope(seed);
    const auto [out, record] = crop.record(mask);
    const auto back = crop.invert(record, out);
    EXPECT_EQ(back.data.sizes(), mask.data.sizes());
    const auto there = back.data != 0;
    EXPECT_TRUE(back.data.masked_select(there).equal(mask.data.masked_select(there)));
    EXPECT_GE(there.sum().item<int64_t>(), 18 * 23);
  }
  // A border of an odd number of pixels.
  const CenterCrop larger({35, 51});
  const auto [out, record] = larger.record(mask);
  EXPECT_TENSOR_EQ(larger.invert(record, out).data, mask.data);
}

TEST(Invert, RefusesWhatMovesPixelsAndHasNoInverse) {
  const auto [out, record] = ShiftRight().record(noise(8, 8));
  EXPECT_ERROR(ShiftRight().invert(record, some_points({8, 13})), ValueError, "ShiftRight: moves pixels and has no inverse");

  const auto expect_refuses = [](const AnyTransform& transform, const char* message) {
    const auto [changed, how] = transform.record(noise(60, 50));
    EXPECT_ERROR(transform.invert(how, some_boxes({60, 50})), ValueError, message);
  };
  expect_refuses(FiveCrop(20), "FiveCrop: has no inverse, for its crops overlap");
  expect_refuses(TenCrop(20), "TenCrop: has no inverse, for its crops overlap");
  expect_refuses(AugMix(), "AugMix: has no inverse, for it mixes pictures that were moved");
}

TEST(Invert, LeavesWhatStaysInPlace) {
  for (const auto& transform : std::vector<AnyTransform>{ConvertImageDtype(), GaussianNoise(), RandomErasing({.p = 1.0}),
                                                         ColorJitter({.hue = 0.1}), SanitizeKeyPoints(), JPEG(50)}) {
    SCOPED_TRACE(transform.repr());
    const auto points = some_points({30, 40});
    const auto [out, record] = transform.record(noise(30, 40), points);
    EXPECT_TENSOR_EQ(transform.invert(record, points).data, points.data);
  }
}

TEST(Invert, OfWhatDidNotHappenChangesNothing) {
  const RandomHorizontalFlip never(0.0);
  const auto [out, record] = never.record(noise(30, 40));
  const auto boxes = some_boxes({30, 40});
  EXPECT_TENSOR_EQ(never.invert(record, boxes).data, boxes.data);
}

}  // namespace
}  // namespace opsis
