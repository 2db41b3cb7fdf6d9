// Augmentation policies, containers that draw, MixUp and CutMix, presets: torchvision's draws and bytes.
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

#include <ATen/CPUGeneratorImpl.h>

#include "opsis/core/parallel.h"
#include "opsis/core/random.h"
#include "opsis/transforms.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/transform_operations.h"
#include "tests/support/written_transforms.h"

namespace opsis {
namespace {

using namespace transforms;

// What tests/oracle/transforms_auto.py names, in C++.
const AnyTransform& auto_transform(const std::string& name) {
  constexpr auto bilinear = InterpolationMode::BILINEAR, nearest = InterpolationMode::NEAREST;
  static const std::map<std::string, AnyTransform> all{
      {"AutoAugment()", AutoAugment()},
      {"AutoAugment(CIFAR10)", AutoAugment({.policy = AutoAugmentPolicy::CIFAR10, .fill = {10, 20, 30}})},
      {"AutoAugment(SVHN)", AutoAugment({.policy = AutoAugmentPolicy::SVHN, .interpolation = bilinear, .fill = 7})},
      {"RandAugment()", RandAugment()},
      {"RandAugment(4, 30)",
       RandAugment({.num_ops = 4, .magnitude = 30, .interpolation = bilinear, .fill = PerKind<Fill>{.image = 3, .others = 9}})},
      {"RandAugment(3, -2, 5)", RandAugment({.num_ops = 3, .magnitude = -2, .num_magnitude_bins = 5, .fill = 1.5})},
      {"RandAugment(0)", RandAugment({.num_ops = 0})},
      {"TrivialAugmentWide()", TrivialAugmentWide()},
      {"TrivialAugmentWide(7)", TrivialAugmentWide({.num_magnitude_bins = 7, .interpolation = bilinear, .fill = {1, 2, 3}})},
      {"AugMix()", AugMix()},
      {"AugMix(10, 2, 4)", AugMix({.severity = 10,
                                   .mixture_width = 2,
                                   .chain_depth = 4,
                                   .alpha = 0.5,
                                   .all_ops = false,
                                   .interpolation = nearest,
                                   .fill = 9})},
      {"AugMix(1, 0)", AugMix({.severity = 1, .mixture_width = 0})},
      {"RandomChoice()", RandomChoice({Pad(2), RandomHorizontalFlip(0.5), RandomCrop(16)})},
      {"RandomChoice(p)", RandomChoice({Pad(2), Identity(), RandomResizedCrop(20)}, {{0.5, 0, 3}})},
      {"RandomOrder()", RandomOrder({Pad(2), RandomHorizontalFlip(0.5), RandomCrop(16), Resize(24)})},
      {"Identity()", Identity()},
  };
  return all.at(name);
}

TEST(AutoTransforms, PrintAsTorchvisions) {
  for (const auto& c : oracle::cases("transforms_auto/repr")) {
    EXPECT_EQ(auto_transform(c.text("transform")).repr(), c.text("expected"));
  }
}

torch::Tensor applied(const AnyTransform& transform, const std::string& kind, const torch::Tensor& data) {
  if (kind.starts_with("video")) return std::get<0>(transform(Video(data), std::string("label"))).data;
  return std::get<0>(transform(Image(data), std::string("label"))).data;
}

TEST(AutoTransforms, AugmentAsTorchvisions) {
  for (const auto& c : oracle::cases("transforms_auto/augment")) {
    SCOPED_TRACE(c.name());
    const auto& transform = auto_transform(c.text("transform"));
    const auto image = c.tensor("image"), before = image.clone();
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    if (c.boolean("refused")) {
      EXPECT_ERROR(applied(transform, c.text("kind"), image), ValueError, "fill must have 1 or 1 numbers, got 3");
      continue;
    }
    EXPECT_TENSOR_EQ(applied(transform, c.text("kind"), image), c.tensor("expected"));
    EXPECT_TENSOR_EQ(torch::rand({1}), c.tensor("next_draw"));
    EXPECT_TENSOR_EQ(image, before);
  }
}

TEST(AutoTransforms, AugmentSmallImagesAndFloatingPoint) {
  for (const auto& c : oracle::cases("transforms_auto/augment_sizes")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    const auto& transform = auto_transform(c.text("transform"));
    ASSERT_FALSE(c.boolean("refused"));
    EXPECT_TENSOR_EQ(transform(c.tensor("image")), c.tensor("expected"));
  }
}

TEST(AutoTransforms, RefuseWhatTorchvisionRefuses) {
  const Image image(torch::zeros({3, 8, 8}, torch::kUInt8));
  for (const auto& c : oracle::cases("transforms_auto/augment_refusals")) {
    SCOPED_TRACE(c.name());
    const auto& transform = auto_transform(c.text("transform"));
    const auto what = c.text("what");
    const auto once = [&] {
      if (what == "mask") transform(image, Mask(torch::zeros({8, 8})));
      if (what == "boxes") transform(image, BoundingBoxes(torch::tensor({{1, 1, 4, 4}}), BoundingBoxFormat::XYXY, {8, 8}));
      if (what == "points") transform(image, KeyPoints(torch::tensor({{1, 1}}), {8, 8}));
      if (what == "two") transform(image, image);
      if (what == "none") transform(std::string("label"));
      if (what == "image_and_video") transform(image, Video(torch::zeros({2, 3, 8, 8}, torch::kUInt8)));
      if (what == "two_channels") transform(Image(torch::zeros({2, 8, 8}, torch::kUInt8)));
    };
    const auto named = c.text("transform").substr(0, c.text("transform").find('(')) + ": the sample must have ";
    const std::string message = what == "two_channels"                       ? "1 or 3 channels"
                                : what == "none"                             ? named + "an image or a video"
                                : what == "two" || what == "image_and_video" ? named + "one image or video, got several"
                                                                             : named + "no ";
    bool refused = false;
    for (int64_t seed = 0; seed < 40; ++seed) {
      torch::manual_seed(static_cast<uint64_t>(seed));
      try {
        once();
      } catch (const ValueError& error) {
        refused = true;
        EXPECT_THAT(error.what(), testing::HasSubstr(message));
      }
    }
    EXPECT_EQ(refused, c.boolean("refused"));
  }
}

TEST(AutoTransforms, RefuseTheArgumentsThatTorchvisionRefuses) {
  const auto image = torch::zeros({3, 8, 8}, torch::kUInt8);
  const std::map<std::string, std::string> messages{
      {"num_ops", "RandAugment: num_ops must not be negative, got -1"},
      {"severity_0", "AugMix: severity must be from 1 to 10, got 0"},
      {"severity_11", "AugMix: severity must be from 1 to 10, got 11"},
      {"magnitude_31", "RandAugment: the magnitude must be one of 31 bins, got 31"},
      {"magnitude_-32", "RandAugment: the magnitude must be one of 31 bins, got -32"},
      {"bins_0", "low must be below high, got 0 and 0"},
      {"bins_1", "TrivialAugmentWide: Posterize must keep from 0 to 8 bits, got "},
  };
  for (const auto& c : oracle::cases("transforms_auto/augment_arguments")) {
    SCOPED_TRACE(c.name());
    const auto what = c.text("what");
    const auto make = [&]() -> AnyTransform {
      if (what == "num_ops") return RandAugment({.num_ops = -1});
      if (what == "severity_0") return AugMix({.severity = 0});
      if (what == "severity_11") return AugMix({.severity = 11});
      if (what == "magnitude_31") return RandAugment({.magnitude = 31});
      if (what == "magnitude_-32") return RandAugment({.magnitude = -32});
      return TrivialAugmentWide({.num_magnitude_bins = what == "bins_0" ? 0 : 1});
    };
    const auto refused = nlohmann::json::parse(c.json("refused")).get<std::vector<bool>>();
    for (size_t seed = 0; seed < refused.size(); ++seed) {
      torch::manual_seed(seed);
      if (refused[seed]) {
        EXPECT_ERROR(make()(image), ValueError, messages.at(what));
      } else {
        EXPECT_NO_THROW(make()(image)) << seed;
      }
    }
  }
}

TEST(AutoTransforms, SeparateDrawingFromDoing) {
  const Image image(torch::randint(256, {3, 19, 24}, torch::kUInt8));
  const auto expect_separate = [&](const auto& transform) {
    torch::manual_seed(5);
    const auto at_once = transform(image);
    torch::manual_seed(5);
    const std::vector<Value> values{image};
    const auto params = transform.make_params(values);
    EXPECT_TENSOR_EQ(std::get<Image>(transform.transform(image, params)).data, at_once.data);
  };
  expect_separate(AutoAugment());
  expect_separate(RandAugment());
  expect_separate(TrivialAugmentWide());
  expect_separate(AugMix());
}

TEST(PickTransforms, DrawAsTorchvisions) {
  const SerialScope serial;
  for (const auto& c : oracle::cases("transforms_auto/pick")) {
    SCOPED_TRACE(c.name());
    const Size canvas{33, 47};
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    const auto [image, mask, boxes, points] = auto_transform(c.text("transform"))(
        Image(c.tensor("image")), Mask(c.tensor("mask")), BoundingBoxes(c.tensor("boxes"), BoundingBoxFormat::XYXY, canvas),
        KeyPoints(c.tensor("points"), canvas));
    EXPECT_TENSOR_EQ(image.data, c.tensor("expected_image"));
    EXPECT_TENSOR_EQ(mask.data, c.tensor("expected_mask"));
    EXPECT_TENSOR_EQ(boxes.data, c.tensor("expected_boxes"));
    EXPECT_TENSOR_EQ(points.data, c.tensor("expected_points"));
    EXPECT_TENSOR_EQ(torch::rand({1}), c.tensor("next_draw"));
  }
}

TEST(PickTransforms, RefuseWhatTorchvisionRefuses) {
  const std::map<std::string, std::string> messages{
      {"[1]", "RandomChoice: p must have a number for each of 2 transforms, got 1"},
      {"[1,2,3]", "RandomChoice: p must have a number for each of 2 transforms, got 3"},
      {"[0,0]", "RandomChoice: the sum of p must not be 0"},
      {"[-1,2]", "RandomChoice: p must be at least 0, got -1"},
  };
  for (const auto& c : oracle::cases("transforms_auto/pick_refusals")) {
    SCOPED_TRACE(c.name());
    const auto once = [&] {
      std::optional<std::vector<double>> p;
      if (!c.is_null("p")) p = c.numbers("p");
      return RandomChoice({Identity(), Pad(1)}, p)(torch::zeros({3, 4, 4}));
    };
    if (c.boolean("refused")) {
      EXPECT_ERROR(once(), ValueError, messages.at(c.json("p")));
    } else {
      EXPECT_NO_THROW(once());
    }
  }
  EXPECT_ERROR(RandomChoice({}), ValueError, "at least one transform");
  EXPECT_ERROR(RandomOrder({}), ValueError, "at least one transform");
}

// Calls `use` with the MixUp or CutMix of that name.
template <class Use>
auto with_mixing(const std::string& name, const MixOptions& options, const Use& use) {
  return name == "MixUp" ? use(MixUp(options)) : use(CutMix(options));
}

TEST(MixTransforms, MixAsTorchvisions) {
  for (const auto& c : oracle::cases("transforms_auto/mix")) {
    SCOPED_TRACE(c.name());
    const auto images = c.tensor("images"), labels = c.tensor("given"), before = images.clone();
    const MixOptions options{.alpha = c.number("alpha"), .num_classes = 5};
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    const auto mix = [&](const auto& mixing) -> std::pair<torch::Tensor, torch::Tensor> {
      if (c.text("kind") == "video") {
        const auto [video, mixed] = mixing(Video(images), labels);
        return {video.data, mixed};
      }
      const auto [image, mixed] = mixing(Image(images), labels);
      return {image.data, mixed};
    };
    if (c.boolean("refused")) {
      EXPECT_ERROR(with_mixing(c.text("transform"), options, mix), ValueError,
                   "MixUp: pixels must be floating point, got Byte; see ToDtype");
      continue;
    }
    const auto [out, mixed] = with_mixing(c.text("transform"), options, mix);
    EXPECT_TENSOR_EQ(out, c.tensor("expected"));
    EXPECT_TENSOR_EQ(mixed, c.tensor("expected_labels"));
    EXPECT_TENSOR_EQ(torch::rand({1}), c.tensor("next_draw"));
    EXPECT_TENSOR_EQ(images, before);
  }
}

TEST(MixTransforms, RefuseWhatTorchvisionRefuses) {
  const std::map<std::string, std::string> messages{
      {"unbatched", "must come in a batch (N, C, H, W), got (3, 6, 6)"},
      {"batch_size", "there must be labels for a batch of 4, got 3"},
      {"float_numbers", "class numbers must be int64, got Float"},
      {"no_classes", "num_classes is needed when labels are class numbers"},
      {"other_classes", "labels must have num_classes = 4 columns, got 5; leave num_classes out"},
      {"number_too_large", "class numbers must be in [0, 4), got 0 to 4"},
      {"negative", "class numbers must be in [0, 4), got -1 to 2"},
      {"cube", "labels must be (N) class numbers or (N, num_classes) probabilities, got (4, 4, 1)"},
      {"mask", "the sample must have no Mask; only pixels can be mixed"},
      {"alpha", "alpha must be positive, got 0"},
      {"no_pixels", "low must be below high, got 0 and 0"},
  };
  for (const auto& c : oracle::cases("transforms_auto/mix_refusals")) {
    SCOPED_TRACE(c.name());
    const auto given = nlohmann::json::parse(c.json("options"));
    MixOptions options{.alpha = given["alpha"]};
    if (!given["num_classes"].is_null()) options.num_classes = given["num_classes"];
    const auto mix = [&](const auto& mixing) {
      if (c.text("what") == "mask") {
        struct Sample {
          torch::Tensor images, labels;
          Mask mask;
          auto fields() { return std::tie(images, labels, mask); }
        };
        mixing(
            Sample{c.tensor("images"), c.tensor("labels"), Mask(torch::zeros({4, 6, 6}))},
            [](auto& sample) -> auto& { return sample.labels; });
      } else {
        mixing(c.tensor("images"), c.tensor("labels"));
      }
    };
    if (c.boolean("refused")) {
      EXPECT_ERROR(with_mixing(c.text("transform"), options, mix), ValueError, messages.at(c.text("what")));
    } else {
      EXPECT_NO_THROW(with_mixing(c.text("transform"), options, mix));
    }
  }
}

TEST(MixTransforms, PrintAsTorchvisions) {
  for (const auto& c : oracle::cases("transforms_auto/mix_repr")) {
    MixOptions options{.alpha = c.number("alpha")};
    if (!c.is_null("num_classes")) options.num_classes = c.integer("num_classes");
    EXPECT_EQ(with_mixing(c.text("transform"), options, [](const auto& mixing) { return mixing.repr(); }), c.text("expected"));
  }
}

TEST(MixTransforms, TakeSamplesWhoseLabelsAreNamed) {
  struct Batch {
    Image images;
    std::vector<std::string> names;
    torch::Tensor numbers;
    auto fields() { return std::tie(images, names, numbers); }
  };
  const auto images = torch::rand({4, 3, 6, 6});
  const auto numbers = torch::tensor({0, 1, 2, 1});
  const MixUp mixup({.num_classes = 3});
  torch::manual_seed(3);
  const auto batch = mixup(
      Batch{Image(images), {"a", "b", "c", "d"}, numbers}, [](auto& sample) -> auto& { return sample.numbers; });
  torch::manual_seed(3);
  const auto [expected, labels] = mixup(images, numbers);
  EXPECT_TENSOR_EQ(batch.images.data, expected);
  EXPECT_TENSOR_EQ(batch.numbers, labels);
  EXPECT_EQ(batch.names[3], "d");
}

TEST(Presets, EqualTorchvisions) {
  const SerialScope serial;  // ATen takes another kernel for aliased bilinear when it has several threads
  for (const auto& c : oracle::cases("transforms_auto/presets")) {
    for (const auto layout : {"contiguous", "channels_last"}) {
      SCOPED_TRACE(c.name() + " " + layout);
      const auto name = c.text("preset");
      const auto input = operations::laid_out(c.tensor("input"), layout);
      const auto expect = [&](const auto& preset) {
        EXPECT_TENSOR_EQ(preset(input), c.tensor("expected"));
        EXPECT_TENSOR_EQ(transform_from_json(preset.to_json().dump())(input), c.tensor("expected"));
        EXPECT_EQ(preset.repr(), c.text("repr"));
        EXPECT_FALSE(preset.describe().empty());
      };
      if (name == "detection") expect(ObjectDetection());
      if (name == "segmentation") expect(SemanticSegmentation({.resize_size = 20}));
      if (name == "segmentation_any") expect(SemanticSegmentation({.mean = {0.1, 0.2, 0.3}, .std = {0.4, 0.5, 0.6}}));
      if (name == "segmentation_nearest") {
        expect(SemanticSegmentation({.resize_size = 33, .interpolation = InterpolationMode::NEAREST, .antialias = false}));
      }
      if (name == "video") expect(VideoClassification({.crop_size = {14, 18}, .resize_size = {16, 21}}));
      if (name == "video_short") {
        expect(VideoClassification({.crop_size = {30, 12}, .resize_size = {20}, .interpolation = InterpolationMode::BICUBIC}));
      }
      if (name == "flow") {
        const auto [one, other] = OpticalFlow()(input, c.tensor("other"));
        EXPECT_TENSOR_EQ(one, c.tensor("expected"));
        EXPECT_TENSOR_EQ(other, c.tensor("expected_other"));
        EXPECT_TRUE(one.is_contiguous());
        EXPECT_EQ(OpticalFlow().repr(), c.text("repr"));
      }
    }
  }
}

TEST(AutoTransforms, AreBuiltAgainFromTheirJson) {
  const auto image = torch::randint(256, {3, 33, 47}, torch::kUInt8);
  for (const auto& name : {"AutoAugment(SVHN)", "RandAugment(4, 30)", "TrivialAugmentWide(7)", "AugMix(10, 2, 4)",
                           "RandomChoice(p)", "RandomOrder()", "Identity()"}) {
    SCOPED_TRACE(name);
    const auto& transform = auto_transform(name);
    const auto again = build_transform(transform.to_json());
    EXPECT_EQ(again.repr(), transform.repr());
    EXPECT_EQ(again.code(), transform.code());
    torch::manual_seed(1);
    const auto expected = transform(image);
    torch::manual_seed(1);
    EXPECT_TENSOR_EQ(again(image), expected);
  }
}

TEST(AutoTransforms, AreReplayedByTheirRecords) {
  const auto image = torch::randint(256, {3, 33, 47}, torch::kUInt8);
  for (const auto& name :
       {"AutoAugment()", "RandAugment()", "TrivialAugmentWide()", "AugMix()", "RandomChoice()", "RandomOrder()"}) {
    SCOPED_TRACE(name);
    const auto& transform = auto_transform(name);
    torch::manual_seed(2);
    const auto [out, record] = transform.record(image);
    torch::manual_seed(2);
    EXPECT_TENSOR_EQ(transform(image), out);
    EXPECT_TENSOR_EQ(transform.replay(record, image), out);
  }
}

TEST(WithGenerator, DrawsFromItsOwnAndLeavesTheCurrentOneAlone) {
  const auto image = torch::randint(256, {3, 33, 47}, torch::kUInt8);
  const Compose train{RandomCrop(16), RandomHorizontalFlip()};
  torch::manual_seed(7);
  const auto first = train(image), second = train(image);
  torch::manual_seed(1);
  const auto next = torch::rand({1});

  torch::manual_seed(1);
  const auto seeded = with_generator(train, 7);
  EXPECT_TENSOR_EQ(seeded(image), first);
  EXPECT_TENSOR_EQ(seeded(image), second);
  EXPECT_TENSOR_EQ(torch::rand({1}), next);
  EXPECT_EQ(seeded.repr(), train.repr());

  // Copies share the generator; a part of a pipeline may have one while the others draw from the current one.
  const auto generator = at::detail::createCPUGenerator(7);
  const Compose both{with_generator(RandomCrop(16), generator), RandomHorizontalFlip()};
  torch::manual_seed(1);
  const auto mixed = both(image);
  {
    const random::Scope scope(7);
    const auto crop = RandomCrop(16)(image);
    EXPECT_TRUE(mixed.equal(crop) || mixed.equal(crop.flip(-1)));
  }
  const auto [out, record] = with_generator(train, 7).record(image);
  EXPECT_TENSOR_EQ(out, first);
  EXPECT_TENSOR_EQ(train.replay(record, image), first);
  EXPECT_ERROR(with_generator(train, at::Generator()), ValueError, "generator is undefined");
}

// Whether the transform takes such a sample. By a generator of its own it must then do what it does by a current one of that
// seed.
template <class Sample>
bool draws_from_its_own(const AnyTransform& transform, const Sample& sample) {
  std::vector<torch::Tensor> expected;
  try {
    const random::Scope scope(3);
    expected = written::tensors(transform(written::copied(sample)));
  } catch (const ValueError&) {
    return false;
  }
  torch::manual_seed(1);
  const auto out = written::tensors(with_generator(transform, 3)(written::copied(sample)));
  const auto next = torch::rand({1});
  torch::manual_seed(1);
  EXPECT_TENSOR_EQ(torch::rand({1}), next);
  EXPECT_EQ(out.size(), expected.size());
  for (size_t i = 0; i < std::min(out.size(), expected.size()); ++i) EXPECT_TENSOR_EQ(out[i], expected[i]);
  return true;
}

TEST(WithGenerator, TakesEveryTransform) {
  const auto& [whole, image, video, floats, two_numbers] = written::samples();
  for (const auto& [code, transform] : written::transforms()) {
    if (code.starts_with("MixUp") || code.starts_with("CutMix")) continue;  // of batches, below
    SCOPED_TRACE(code);
    const int taken = draws_from_its_own(transform, whole) + draws_from_its_own(transform, image) +
                      draws_from_its_own(transform, video) + draws_from_its_own(transform, floats) +
                      draws_from_its_own(transform, two_numbers);
    EXPECT_GT(taken, 0);
  }
}

TEST(WithGenerator, TakesMixUpAndCutMixWithTheirLabels) {
  const auto images = torch::rand({4, 3, 6, 8}), labels = torch::tensor({0, 1, 2, 1});
  const auto expect_own = [&](const auto& mix) {
    const auto seeded = with_generator(mix, 3);
    torch::manual_seed(1);
    const auto next = torch::rand({1});
    torch::manual_seed(1);
    const auto [first, first_shares] = seeded(images, labels);
    const auto [recorded, record] = seeded.record(images, labels);
    EXPECT_TENSOR_EQ(torch::rand({1}), next);
    const random::Scope scope(3);
    for (const auto& out : {std::pair(first, first_shares), std::pair(std::get<0>(recorded), std::get<1>(recorded))}) {
      const auto [expected, shares] = mix(images, labels);
      EXPECT_TENSOR_EQ(out.first, expected);
      EXPECT_TENSOR_EQ(out.second, shares);
    }
    const auto [again, again_shares] = seeded.transform().replay(record, images, labels);
    EXPECT_TENSOR_EQ(again, std::get<0>(recorded));
    EXPECT_TENSOR_EQ(again_shares, std::get<1>(recorded));
    EXPECT_ERROR(with_generator(mix, at::Generator()), ValueError, "generator is undefined");
  };
  expect_own(MixUp({.num_classes = 3}));
  expect_own(CutMix({.num_classes = 3}));
}

TEST(Kinds, AreAskedFor) {
  const Image image(torch::zeros({3, 8, 8}));
  const BoundingBoxes boxes(torch::tensor({{1., 2., 3., 4.}}), BoundingBoxFormat::XYXY, {8, 8});
  const KeyPoints points(torch::tensor({{1., 2.}}), {8, 8});
  const std::vector<Value> values{image, boxes}, others{points, image};
  EXPECT_TRUE(check_type<BoundingBoxes>(values[1]));
  EXPECT_FALSE((check_type<Mask, KeyPoints>(values[1])));
  EXPECT_TRUE((has_any<Mask, BoundingBoxes>(values)));
  EXPECT_FALSE((has_any<Mask, KeyPoints>(values)));
  EXPECT_TRUE((has_all<Image, BoundingBoxes>(values)));
  EXPECT_FALSE((has_all<Image, KeyPoints>(values)));
  EXPECT_TENSOR_EQ(get_bounding_boxes(values).data, boxes.data);
  EXPECT_TENSOR_EQ(get_keypoints(others).data, points.data);
  EXPECT_ERROR(get_bounding_boxes(others), ValueError, "must have bounding boxes");
  EXPECT_ERROR(get_keypoints(values), ValueError, "must have key points");
}

}  // namespace
}  // namespace opsis
