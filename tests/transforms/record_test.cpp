// What was drawn: printed, kept, replayed and undone.
#include "opsis/transforms/record.h"

#include "opsis/core/random.h"
#include "opsis/transforms.h"
#include "tests/support/expect.h"

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

// What a detector finds on the result, back on the source.
TEST(Invert, BringsBoxesAndPointsBack) {
  const Size canvas{30, 40};
  const std::vector<std::pair<std::string, AnyTransform>> all{
      {"Resize", Resize({60, 100})},
      {"Resize shorter", Resize(45)},
      {"Pad", Pad({1, 2, 3, 4})},
      {"CenterCrop", CenterCrop({29, 28})},
      {"CenterCrop larger", CenterCrop({35, 51})},
      {"RandomCrop", RandomCrop({29, 28}, {.padding = {3}})},
      {"RandomCrop needed", RandomCrop({50, 60}, {.pad_if_needed = true})},
      {"RandomResizedCrop", RandomResizedCrop({24, 33})},
      {"RandomHorizontalFlip", RandomHorizontalFlip(1.0)},
      {"ToDtype", ToDtype(torch::kFloat32, {.scale = true})},
      {"Compose", Compose{Resize({64, 90}), RandomApply({Pad(2)}, 0.5), RandomHorizontalFlip(), RandomCrop(60)}},
  };
  for (const auto& [name, transform] : all) {
    for (const auto format : {BoundingBoxFormat::XYXY, BoundingBoxFormat::XYWH, BoundingBoxFormat::CXCYWH,
                              BoundingBoxFormat::CXCYWHR, BoundingBoxFormat::XYXYXYXY}) {
      if (name.find("Resize") != std::string::npos && format == BoundingBoxFormat::CXCYWHR) continue;  // ratios bend angles
      if (name == "Compose" && tv_tensors::is_rotated_bounding_format(format)) continue;
      if (name.starts_with("R") && name.find("esize") != std::string::npos && tv_tensors::is_rotated_bounding_format(format)) {
        continue;
      }
      SCOPED_TRACE(name + " " + std::string(to_string(format)));
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
}

TEST(Invert, OfWhatDidNotHappenChangesNothing) {
  const RandomHorizontalFlip never(0.0);
  const auto [out, record] = never.record(noise(30, 40));
  const auto boxes = some_boxes({30, 40});
  EXPECT_TENSOR_EQ(never.invert(record, boxes).data, boxes.data);
}

}  // namespace
}  // namespace opsis
