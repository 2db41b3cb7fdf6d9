// torchvision's first transforms: what is theirs alone, and that the names shared with v2 do the same. functional_test.cpp has
// their kernels.
#include "opsis/transforms/v1/transforms.h"

#include <map>

#include "opsis/core/parallel.h"
#include "opsis/core/python_random.h"
#include "opsis/core/random.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

namespace first = transforms::v1;
using transforms::AnyTransform;
using transforms::ErasingValue;
using transforms::InterpolationMode;
using transforms::Point;
using transforms::Record;

// What tests/oracle/transforms_v1.py names, in C++.
const AnyTransform& first_transform(const std::string& name) {
  constexpr auto nearest = InterpolationMode::NEAREST, bilinear = InterpolationMode::BILINEAR,
                 bicubic = InterpolationMode::BICUBIC;
  const std::vector<AnyTransform> three{first::Pad(2), first::RandomHorizontalFlip(1.0), first::RandomCrop(16)};
  static const std::map<std::string, AnyTransform> all{
      {"AutoAugment()", first::AutoAugment()},
      {"AutoAugment(CIFAR10)", first::AutoAugment({.policy = first::AutoAugmentPolicy::CIFAR10})},
      {"AutoAugment(SVHN)", first::AutoAugment({.policy = first::AutoAugmentPolicy::SVHN, .fill = {9}})},
      {"RandAugment()", first::RandAugment()},
      {"RandAugment(4, 30)", first::RandAugment({.num_ops = 4, .magnitude = 30, .fill = {3}})},
      {"RandAugment(3, -2, 5)", first::RandAugment({.num_ops = 3, .magnitude = -2, .num_magnitude_bins = 5})},
      {"TrivialAugmentWide()", first::TrivialAugmentWide()},
      {"TrivialAugmentWide(7)", first::TrivialAugmentWide({.num_magnitude_bins = 7})},
      {"AugMix()", first::AugMix()},
      {"AugMix(nearest)", first::AugMix({.interpolation = nearest})},
      {"AugMix(10, 2, 4)",
       first::AugMix(
           {.severity = 10, .mixture_width = 2, .chain_depth = 4, .alpha = 0.5, .all_ops = false, .interpolation = nearest})},
      {"Resize(16)", first::Resize(16)},
      {"Resize({20, 30})", first::Resize({20, 30}, {.interpolation = bicubic})},
      {"Resize(16, 20)", first::Resize(16, {.max_size = 20, .antialias = false})},
      {"Resize(nearest)", first::Resize(50, {.interpolation = nearest})},
      {"RandomResizedCrop(24)", first::RandomResizedCrop(24)},
      {"RandomResizedCrop({20, 30})", first::RandomResizedCrop({20, 30}, {.scale = {0.3, 0.9}, .interpolation = bicubic})},
      {"ConvertImageDtype(float32)", first::ConvertImageDtype(torch::kFloat32)},
      {"ConvertImageDtype(int16)", first::ConvertImageDtype(torch::kInt16)},
      {"RandomOrder()", first::RandomOrder({first::Pad(2), first::RandomHorizontalFlip(0.5), first::RandomCrop(16),
                                            first::Pad(3, {.fill = 7})})},
      {"RandomOrder(none)", first::RandomOrder({})},
      {"RandomChoice()", first::RandomChoice(three)},
      {"RandomChoice(p)", first::RandomChoice(three, {{1.0, 0.0, 2.5}})},
      {"CenterCrop(16)", first::CenterCrop(16)},
      {"Pad(2)", first::Pad(2, {.fill = 3})},
      {"RandomCrop(16)", first::RandomCrop(16, {.padding = {4}})},
      {"RandomHorizontalFlip()", first::RandomHorizontalFlip()},
      {"RandomApply()", first::RandomApply({first::RandomCrop(16)}, 0.5)},
      {"RandomApply(none)", first::RandomApply({}, 1.0)},
      {"Compose()", first::Compose{first::RandomCrop(20), first::RandomHorizontalFlip()}},
      {"Compose(none)", first::Compose({})},
      {"AutoAugment(bilinear)", first::AutoAugment({.interpolation = bilinear, .fill = {40}})},
      {"RandAugment(bilinear)", first::RandAugment({.num_ops = 3, .magnitude = 12, .interpolation = bilinear, .fill = 7})},
      {"CenterCrop({20, 50})", first::CenterCrop({20, 50})},
      {"Pad({1, 2})", first::Pad({1, 2}, {.padding_mode = transforms::PaddingMode::Edge})},
      {"Pad({1, 2, 3, 4})", first::Pad({1, 2, 3, 4}, {.padding_mode = transforms::PaddingMode::Reflect})},
      {"Pad(list)", first::Pad(1, {.fill = {1, 2, 3}})},
      {"RandomCrop({20, 18})", first::RandomCrop({20, 18})},
      {"RandomCrop(19, 24)",
       first::RandomCrop({19, 24}, {.pad_if_needed = true, .padding_mode = transforms::PaddingMode::Reflect})},
      {"RandomCrop(60)", first::RandomCrop(60, {.padding = {1, 2}, .pad_if_needed = true, .fill = 9})},
      {"RandomVerticalFlip()", first::RandomVerticalFlip()},
      {"RandomRotation(30)", first::RandomRotation(30)},
      {"RandomRotation(bilinear)", first::RandomRotation({-70, 20}, {.interpolation = bilinear, .expand = true, .fill = 40})},
      {"RandomRotation(center)", first::RandomRotation(90, {.center = Point{2, 3}, .fill = {1, 2, 3}})},
      {"RandomRotation(right)", first::RandomRotation({90, 90}, {.expand = true})},
      {"RandomAffine(20)",
       first::RandomAffine(20, {.translate = {{0.2, 0.1}}, .scale = {{0.5, 1.5}}, .shear = {5, 10, -3, 3}})},
      {"RandomAffine(bilinear)",
       first::RandomAffine({0, 0}, {.shear = {10}, .interpolation = bilinear, .fill = 100, .center = Point{3, 4}})},
      {"RandomPerspective()", first::RandomPerspective()},
      {"RandomPerspective(fill)", first::RandomPerspective(1.0, {.p = 1.0, .fill = 12})},
      {"RandomPerspective(nearest)", first::RandomPerspective(0.3, {.p = 0.8, .interpolation = nearest, .fill = 12})},
      {"ElasticTransform()", first::ElasticTransform({.sigma = {1.0}})},
      {"ElasticTransform(200)",
       first::ElasticTransform({.alpha = {200, 30}, .sigma = {1.5, 0.6}, .interpolation = nearest, .fill = 9})},
      {"ElasticTransform(bicubic)",
       first::ElasticTransform({.alpha = {90}, .sigma = {0}, .interpolation = bicubic, .fill = 50})},
      {"ElasticTransform(half)", first::ElasticTransform({.alpha = {90}, .sigma = {0, 1}})},
      {"GaussianBlur(3)", first::GaussianBlur(3)},
      {"GaussianBlur({5, 9})", first::GaussianBlur({5, 9}, {0.5, 5.0})},
      {"GaussianBlur(sigma)", first::GaussianBlur(7, 1.1)},
      {"ColorJitter()", first::ColorJitter()},
      {"ColorJitter(all)", first::ColorJitter({.brightness = 0.4, .contrast = 0.5, .saturation = 0.6, .hue = 0.2})},
      {"ColorJitter(ranges)",
       first::ColorJitter({.brightness = {0.2, 1.7}, .contrast = {0.1, 0.9}, .saturation = {1.5, 3.0}, .hue = {-0.5, 0.5}})},
      {"Grayscale()", first::Grayscale()},
      {"Grayscale(3)", first::Grayscale(3)},
      {"RandomGrayscale()", first::RandomGrayscale()},
      {"RandomGrayscale(0.7)", first::RandomGrayscale(0.7)},
      {"RandomInvert()", first::RandomInvert()},
      {"RandomPosterize(3)", first::RandomPosterize(3)},
      {"RandomSolarize(99.0)", first::RandomSolarize(99)},
      {"RandomSolarize(300.0)", first::RandomSolarize(300, 0.4)},
      {"RandomAdjustSharpness(1.7)", first::RandomAdjustSharpness(1.7)},
      {"RandomAutocontrast()", first::RandomAutocontrast()},
      {"RandomEqualize()", first::RandomEqualize()},
      {"RandomErasing()", first::RandomErasing()},
      {"RandomErasing(random)", first::RandomErasing({.p = 0.9, .value = ErasingValue::random()})},
      {"RandomErasing(values)", first::RandomErasing({.p = 1.0, .scale = {0.2, 0.5}, .ratio = {0.5, 2.0}, .value = {7, 8, 9}})},
      {"RandomErasing(whole)", first::RandomErasing({.p = 1.0, .scale = {1.0, 1.0}})},
      {"Normalize()", first::Compose{first::ConvertImageDtype(torch::kFloat32), first::Normalize({0.5}, {0.25})}},
      {"Normalize(3)",
       first::Compose{first::ConvertImageDtype(torch::kFloat64), first::Normalize({0.1, 0.2, 0.3}, {0.4, 0.5, 0.6})}},
      {"Normalize(uint8)", first::Normalize({0.1, 0.2, 0.3}, {0.4, 0.5, 0.6})},
      {"Lambda()", first::Lambda([](const torch::Tensor& image) { return image.flip(-2); })},
      {"LinearTransformation()", first::LinearTransformation(torch::arange(36.0).reshape({6, 6}) / 10, torch::arange(6.0))},
  };
  return all.at(name);
}

void expect_drawn(const std::string& table) {
  const SerialScope serial;  // ATen takes another kernel for aliased bilinear when it has several threads
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(c.name());
    const auto image = c.tensor("image"), before = image.clone();
    const auto seed = static_cast<uint64_t>(c.integer("seed"));
    const auto& transform = first_transform(c.text("transform"));
    torch::manual_seed(seed);
    const random::PythonScope python(seed);
    if (c.boolean("refused")) {
      EXPECT_THAT([&] { transform(image); }, testing::ThrowsMessage<ValueError>(testing::ContainsRegex("^[A-Za-z0-9_:]+: ")));
      continue;
    }
    EXPECT_TENSOR_EQ(transform(image), c.tensor("expected"));
    EXPECT_TENSOR_EQ(torch::rand({1}), c.tensor("next_draw"));
    EXPECT_EQ(random::python_choice(1 << 30), static_cast<int64_t>(c.number("next_python") * (1 << 30)));
    EXPECT_TENSOR_EQ(image, before);
  }
}

TEST(FirstTransforms, DrawAndDoAsTorchvisions) { expect_drawn("transforms_v1/transform"); }

TEST(FirstTransforms, DoAndRefuseOnSmallAndOddImagesAsTorchvisions) { expect_drawn("transforms_v1/small"); }

TEST(FirstTransforms, DoTheSameToVideosAsToTensors) {
  const auto pixels = torch::randint(0, 256, {2, 3, 21, 18}, torch::kUInt8);
  for (const auto name : {"RandomCrop(16)", "ColorJitter(all)", "RandomRotation(bilinear)", "GaussianBlur(3)", "RandAugment()",
                          "AugMix()", "Resize(16)", "RandomErasing()", "ElasticTransform()", "RandomGrayscale(0.7)"}) {
    SCOPED_TRACE(name);
    torch::manual_seed(3);
    const auto video = first_transform(name)(Video(pixels));
    torch::manual_seed(3);
    EXPECT_TENSOR_EQ(video.data, first_transform(name)(pixels));
  }
}

TEST(FiveCropAndTenCrop, GiveTuplesAndBatchesInPipelines) {
  for (const auto& c : oracle::cases("transforms_v1/five_crop")) {
    SCOPED_TRACE(c.name());
    const auto image = c.tensor("image");
    const first::FiveCrop five(c.ints("size"));
    const first::TenCrop ten(c.ints("size")), vertical(c.ints("size"), true);
    if (c.boolean("refused")) {
      EXPECT_ERROR(five(image), ValueError, "size must not be larger than the image, got (13, 13)");
      EXPECT_ERROR(ten(image), ValueError, "size must not be larger than the image, got (13, 13)");
      continue;
    }
    std::vector<torch::Tensor> crops;
    for (const auto& crop : five(image)) crops.push_back(crop);
    for (const auto& crop : ten(image)) crops.push_back(crop);
    for (const auto& crop : vertical(Image(image))) crops.push_back(crop.data);
    EXPECT_TENSOR_EQ(torch::stack(crops), c.tensor("expected"));
    EXPECT_TENSOR_EQ(AnyTransform(five)(image), c.tensor("expected").slice(0, 0, 5));
  }
}

TEST(FirstTransforms, PrintAsTorchvisions) {
  for (const auto& c : oracle::cases("transforms_v1/repr")) {
    EXPECT_EQ(first_transform(c.text("transform")).repr(), c.text("expected"));
  }
}

// What was drawn is kept as v2's is, and played on another image.
TEST(FirstTransforms, AreReplayed) {
  const auto image = torch::randint(0, 256, {3, 24, 28}, torch::kUInt8);
  for (const auto name : {"RandomCrop(16)", "ColorJitter(all)", "RandomRotation(30)", "RandomApply()", "Compose()"}) {
    SCOPED_TRACE(name);
    const auto [out, record] = first_transform(name).record(image);
    EXPECT_TENSOR_EQ(first_transform(name).replay(record, image), out);
  }
}

// A light spot of the source is found on the output, and its place there taken back.
void expect_spot_taken_back(const AnyTransform& transform, const torch::Tensor& image, const Record& record) {
  SCOPED_TRACE(transform.repr());
  const auto middle_of = [](const torch::Tensor& pixels) {
    return (pixels[0] > 150).nonzero().to(torch::kFloat64).mean(0).flip(0) + 0.5;
  };
  const auto out = transform.replay(record, image);
  const KeyPoints found(middle_of(out).reshape({1, 2}), {out.size(1), out.size(2)});
  EXPECT_TENSOR_NEAR(transform.invert(record, found).data[0], middle_of(image), 0, 1);
}

TEST(FirstTransforms, TakeWhatIsFoundOnTheOutputBackToTheSource) {
  constexpr auto bilinear = InterpolationMode::BILINEAR;
  auto image = torch::full({1, 40, 50}, 90, torch::kUInt8);
  image.slice(1, 16, 21).slice(2, 24, 29).fill_(220);
  const std::vector<AnyTransform> all{
      first::Resize({25, 60}),
      first::CenterCrop({31, 36}),
      first::CenterCrop({51, 62}),
      first::Pad({3, 5}),
      first::RandomCrop({60, 30}, {.padding = {1, 2, 3, 4}, .pad_if_needed = true}),
      first::RandomResizedCrop({64, 64}, {.scale = {0.6, 0.9}}),
      first::RandomRotation(30, {.interpolation = bilinear, .expand = true}),
      first::RandomAffine(15, {.translate = {{0.1, 0.1}}, .scale = {{0.9, 1.1}}, .shear = {5}, .interpolation = bilinear}),
      first::RandomPerspective(0.3, {.p = 1.0}),
  };
  for (const auto& transform : all) {
    for (uint64_t seed = 0; seed < 5; ++seed) {
      const random::Scope scope(seed);
      expect_spot_taken_back(transform, image, transform.record(image).second);
    }
  }
  const auto turned = [](const std::string& name) {
    return Record::parse(R"({"name": ")" + name + R"(", "source": [40, 50], "params": {"steps": [
        {"operation": "Rotate", "magnitude": 20}, {"operation": "ShearX", "magnitude": 0.2},
        {"operation": "TranslateY", "magnitude": -6.3}]}})");
  };
  expect_spot_taken_back(first::AutoAugment(), image, turned("AutoAugment"));
  expect_spot_taken_back(first::RandAugment(), image, turned("RandAugment"));
  expect_spot_taken_back(first::TrivialAugmentWide(), image, turned("TrivialAugmentWide"));

  const auto expect_refuses = [&](const AnyTransform& transform, const char* message) {
    const auto record = transform.record(image).second;
    EXPECT_ERROR(transform.invert(record, KeyPoints(torch::ones({1, 2}), {40, 50})), ValueError, message);
  };
  expect_refuses(first::ElasticTransform(), "ElasticTransform: moves pixels and has no inverse");
  expect_refuses(first::TenCrop(20), "TenCrop: has no inverse");
  expect_refuses(first::AugMix(), "AugMix: has no inverse");
}

TEST(FirstTransforms, LetOtherValuesPass) {
  const BoundingBoxes boxes(torch::tensor({{1., 2., 3., 4.}}), BoundingBoxFormat::XYXY, {8, 8});
  const auto [image, passed] = first::Resize({4, 4})(Image(torch::zeros({3, 8, 8})), boxes);
  EXPECT_EQ(image.data.size(1), 4);
  EXPECT_TENSOR_EQ(passed.data, boxes.data);
  EXPECT_ERROR(first::RandomChoice({})(torch::zeros({3, 8, 8})), ValueError, "something to choose from");
}

}  // namespace
}  // namespace opsis
