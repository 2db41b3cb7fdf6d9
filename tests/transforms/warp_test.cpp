// RandomRotation, RandomAffine, RandomPerspective and ElasticTransform with their draws, against torchvision.
#include "opsis/core/parallel.h"
#include "tests/support/expect.h"
#include "tests/support/sample.h"
#include "tests/support/transform_operations.h"

namespace opsis {
namespace {

using namespace transforms;
constexpr auto kBilinear = InterpolationMode::BILINEAR;

// TRANSFORMS of tests/oracle/transforms_warp.py. ElasticTransform is exact for samples with a mask: its other smoothing has tests
// of its own.
const std::map<std::string, AnyTransform>& warp_catalogue() {
  const Fills per_kind = PerKind<Fill>{.image = Fill{1, 2, 3}, .others = 1};
  static const std::map<std::string, AnyTransform> all{
      {"RandomRotation(30)", RandomRotation(30)},
      {"RandomRotation({-10, 70})", RandomRotation({-10, 70}, {.interpolation = kBilinear, .expand = true, .fill = {1, 2, 3}})},
      {"RandomRotation({90, 90})", RandomRotation({90, 90}, {.expand = true})},
      {"RandomRotation(center)",
       RandomRotation(180,
                      {.interpolation = kBilinear, .center = Point{3, 20}, .fill = PerKind<Fill>{.image = 127, .others = 0}})},
      {"RandomAffine(0)", RandomAffine(0)},
      {"RandomAffine(all)",
       RandomAffine(30,
                    {.translate = {{0.25, 0.5}}, .scale = {{0.5, 1.5}}, .shear = {20}, .interpolation = kBilinear, .fill = 9})},
      {"RandomAffine(four shears)",
       RandomAffine({10, 20}, {.shear = {-5, 10, 20, 30}, .fill = per_kind, .center = Point{3.5, 4.25}})},
      {"RandomAffine(two shears)", RandomAffine(5, {.scale = {{0.9, 2.0}}, .shear = {-5, 10}, .interpolation = kBilinear})},
      {"RandomPerspective()", RandomPerspective()},
      {"RandomPerspective(0.9)", RandomPerspective(0.9, {.p = 1, .interpolation = InterpolationMode::NEAREST, .fill = 3})},
      {"RandomPerspective(0.2)", RandomPerspective(0.2, {.p = 0.8, .fill = per_kind})},
      {"ElasticTransform()", ElasticTransform()},
      {"ElasticTransform(250, 3)",
       ElasticTransform({.alpha = {250}, .sigma = {3}, .interpolation = InterpolationMode::NEAREST, .fill = 5})},
      {"ElasticTransform(two)", ElasticTransform({.alpha = {10, 90}, .sigma = {1, 2.5}, .fill = per_kind})},
      {"ElasticTransform(rough)", ElasticTransform({.alpha = {2}, .sigma = {0}})},
  };
  return all;
}

TEST(WarpTransforms, PrintAsTorchvisions) {
  for (const auto& c : oracle::cases("transforms_warp/repr")) {
    EXPECT_EQ(warp_catalogue().at(c.text("transform")).repr(), c.text("expected"));
  }
}

TEST(WarpTransforms, ChangeASampleAsTorchvisions) {
  support::expect_changed_as_torchvisions("transforms_warp/sample",
                                          [](const std::string& name) { return warp_catalogue().at(name); });
}

// Without a mask not exactly: the displacement differs in its last bits, so that a blended level may be the next one. Boxes and
// points move by as little.
TEST(ElasticTransform, ChangesASampleNearlyAsTorchvisions) {
  const SerialScope serial;
  const Size canvas{33, 47};
  int64_t samples = 0;
  for (const auto& c : oracle::cases("transforms_warp/sample")) {
    if (c.text("transform") != "ElasticTransform()") continue;
    SCOPED_TRACE(c.name());
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    const auto [image, boxes, points] =
        ElasticTransform()(Image(c.tensor("image")), BoundingBoxes(c.tensor("boxes"), BoundingBoxFormat::XYXY, canvas),
                           KeyPoints(c.tensor("points"), canvas));
    EXPECT_TENSOR_NEAR(image.data, c.tensor("expected_image"), 0, 1);
    EXPECT_LE(image.data.ne(c.tensor("expected_image")).sum().item<int64_t>() * 1000, image.data.numel());
    EXPECT_TENSOR_NEAR(boxes.data, c.tensor("expected_boxes"), 0, 1e-4);
    EXPECT_TENSOR_NEAR(points.data, c.tensor("expected_points"), 0, 1e-4);
    EXPECT_TENSOR_EQ(torch::rand({1}), c.tensor("next_draw"));
    ++samples;
  }
  EXPECT_GT(samples, 0);
}

// The last bits of a displacement decide which of two pixels is nearest, or what a label is: those are torchvision's own.
TEST(ElasticTransform, WhatIsNotBlendedEqualsTorchvision) {
  for (const auto& c : oracle::cases("transforms_warp/elastic_large")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    const auto interpolation = interpolation_mode(c.text("interpolation"));
    const ElasticTransform transform({.interpolation = interpolation});
    const auto& expected = c.tensor("expected_image");
    torch::Tensor image;
    if (c.boolean("labels")) {
      const auto [changed, mask] = transform(Image(c.tensor("image")), Mask(c.tensor("mask")));
      EXPECT_TENSOR_EQ(mask.data, c.tensor("expected_mask"));
      image = changed.data;
    } else {
      image = transform(Image(c.tensor("image"))).data;
    }
    if (c.boolean("labels") || interpolation == InterpolationMode::NEAREST) {
      EXPECT_TENSOR_EQ(image, expected);
    } else {
      EXPECT_TENSOR_NEAR(image, expected, 0, 1);
      EXPECT_LE(image.ne(expected).sum().item<int64_t>() * 1000, image.numel());
    }
  }
}

// Integers of boxes and points are cut off, so that what is nearly whole would be the number below.
TEST(ElasticTransform, IsExactForWhatIsNotBlended) {
  const Image image(torch::zeros({3, 60, 80}, torch::kUInt8));
  const auto boxes = torch::tensor({{10, 10, 30, 40}}, torch::kInt64);
  const auto displacement = [](const ElasticTransformOptions& options, const std::vector<Value>& values) {
    torch::manual_seed(0);
    return ElasticTransform(options).make_params(values).displacement;
  };
  const auto exact = displacement({.exact = true}, {image}), fast = displacement({}, {image});
  EXPECT_FALSE(torch::equal(fast, exact));
  EXPECT_TENSOR_EQ(displacement({.interpolation = InterpolationMode::BICUBIC}, {image}), fast);
  const BoundingBoxes blended(boxes.to(torch::kFloat32), BoundingBoxFormat::XYXY, {60, 80});
  EXPECT_TENSOR_EQ(displacement({}, {image, blended}), fast);
  EXPECT_TENSOR_EQ(displacement({.interpolation = InterpolationMode::NEAREST}, {image}), exact);
  EXPECT_TENSOR_EQ(displacement({}, {image, Mask(torch::zeros({60, 80}))}), exact);
  EXPECT_TENSOR_EQ(displacement({}, {image, BoundingBoxes(boxes, BoundingBoxFormat::XYXY, {60, 80})}), exact);
  EXPECT_TENSOR_EQ(displacement({}, {image, KeyPoints(boxes.view({2, 2}), {60, 80})}), exact);
}

// Smoothing by rows and then by columns adds up in another order than torchvision's convolution.
TEST(ElasticTransform, SmoothsAsTorchvisionButForRounding) {
  for (const auto& c : oracle::cases("transforms_warp/elastic_photo")) {
    SCOPED_TRACE(c.name());
    const std::vector<Value> values{Image(c.tensor("image"))};
    for (const bool exact : {false, true}) {
      torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
      const ElasticTransform transform({.alpha = {250}, .sigma = {c.number("sigma")}, .exact = exact});
      const auto params = transform.make_params(values);
      const auto out = std::get<Image>(transform.transform(values[0], params)).data;
      EXPECT_TENSOR_NEAR(params.displacement, c.tensor("displacement"), 1e-5, 0.0);
      const auto difference = (out.to(torch::kInt32) - c.tensor("expected").to(torch::kInt32)).abs();
      EXPECT_LE(difference.max().item<int64_t>(), exact ? 0 : 1);
      EXPECT_LE(difference.gt(0).sum().item<int64_t>(), difference.numel() / 1000);
    }
  }
}

TEST(WarpTransforms, RefuseWhatTorchvisionRefuses) {
  const Image image(torch::zeros({3, 8, 10}, torch::kUInt8));
  const BoundingBoxes boxes(torch::tensor({{1.0f, 2.0f, 3.0f, 4.0f}}), BoundingBoxFormat::XYXY, {8, 10});
  const KeyPoints points(torch::zeros({1, 2}), {8, 10});
  const std::vector<Point> three(3), four(4);
  const std::vector<double> flat{0, 0, 1, 0, 0, 1, 0, 0}, ones(8, 1.0);
  const auto wrong = torch::zeros({1, 10, 8, 2});
  constexpr double infinite = std::numeric_limits<double>::infinity();
  struct Refusal {
    std::function<void()> call;
    std::string message;
  };
  const std::map<std::string, Refusal> refusals{
      {"RandomRotation(inf)", {[=] { (void)RandomRotation(infinite); }, "degrees must be (least, greatest), got (-inf, inf)"}},
      {"RandomAffine(shear inf)", {[=] { RandomAffine(0, {.shear = {infinite}}); }, "shear must be (least, greatest)"}},
      {"RandomAffine(scale inf)",
       {[=] {
          RandomAffine(0, {.scale = {{1, infinite}}});
        },
        "scale must be (least, greatest)"}},
      {"affine translate",
       {[=] { functional::affine(image, 0, {1}, 1, {0}); }, "affine: translate must have 2 numbers, got 1"}},
      {"affine scale",
       {[=] {
          functional::affine(image, 0, {1, 1}, 0, {0});
        },
        "affine: scale must be positive, got 0"}},
      {"affine scale of boxes",
       {[=] {
          functional::affine(boxes, 0, {1, 1}, -1, {0});
        },
        "scale must be positive, got -1"}},
      {"affine shear",
       {[=] {
          functional::affine(image, 0, {1, 1}, 1, {0, 0, 0});
        },
        "shear must have 1 or 2 numbers, got 3"}},
      {"affine bicubic",
       {[=] {
          functional::affine(image, 0, {1, 1}, 1, {0}, {.interpolation = InterpolationMode::BICUBIC});
        },
        "affine: interpolation must be nearest or bilinear, got bicubic"}},
      {"affine two fills",
       {[=] {
          functional::affine(image, 0, {1, 1}, 1, {0}, {.fill = {1, 2}});
        },
        "affine: fill must have 1 or 3 numbers, got 2"}},
      {"affine empty fill",
       {[=] {
          functional::affine(image, 0, {1, 1}, 1, {0}, {.fill = std::vector<double>{}});
        },
        "affine: fill must have 1 or 3 numbers, got 0"}},
      {"rotate nearest-exact",
       {[=] { functional::rotate(image, 10, {.interpolation = InterpolationMode::NEAREST_EXACT}); },
        "rotate: interpolation must be nearest or bilinear, got nearest-exact"}},
      {"rotate 180 bicubic", {[=] { functional::rotate(image, 180, {.interpolation = InterpolationMode::BICUBIC}); }, ""}},
      {"rotate two fills",
       {[=] {
          functional::rotate(image, 10, {.fill = {1, 2}});
        },
        "fill must have 1 or 3 numbers, got 2"}},
      {"rotate mask of three fills",
       {[=] {
          functional::rotate(Mask(torch::zeros({8, 10})), 10, {.fill = {1, 2, 3}});
        },
        "rotate: fill must have 1 or 1 numbers, got 3"}},
      {"perspective nothing", {[=] { functional::perspective(image, {}, {}); }, "or coefficients, must be given"}},
      {"perspective both", {[=] { functional::perspective(image, four, four, {.coefficients = ones}); }, "not both"}},
      {"perspective seven",
       {[=] { functional::perspective(image, {}, {}, {.coefficients = std::vector<double>(7, 1.0)}); },
        "coefficients must have 8 numbers, got 7"}},
      {"perspective three",
       {[=] { functional::perspective(image, three, three); }, "must be 4 startpoints and 4 endpoints, got 3 and 3"}},
      {"perspective start only", {[=] { functional::perspective(image, four, {}); }, "must be given"}},
      {"perspective flat image", {[=] { functional::perspective(image, {}, {}, {.coefficients = flat}); }, ""}},
      {"perspective flat boxes",
       {[=] { functional::perspective(boxes, {}, {}, {.coefficients = flat}); }, "cannot be inverted to move boxes"}},
      {"perspective flat points",
       {[=] { functional::perspective(points, {}, {}, {.coefficients = flat}); }, "cannot be inverted to move key points"}},
      {"perspective lanczos",
       {[=] { functional::perspective(image, {}, {}, {.interpolation = InterpolationMode::LANCZOS, .coefficients = flat}); },
        "perspective: interpolation must be nearest or bilinear, got lanczos"}},
      {"elastic size",
       {[=] { functional::elastic(image, wrong); }, "elastic: the displacement must be (1, 8, 10, 2), got (1, 10, 8, 2)"}},
      {"elastic batch",
       {[=] {
          functional::elastic(image, torch::zeros({8, 10, 2}));
        },
        "got (8, 10, 2)"}},
      {"elastic size of boxes", {[=] { functional::elastic(boxes, wrong); }, "must be (1, 8, 10, 2)"}},
      {"elastic size of points", {[=] { functional::elastic(points, wrong); }, "must be (1, 8, 10, 2)"}},
      {"elastic box",
       {[=] {
          functional::elastic(image, torch::zeros({1, 8, 10, 2}), {.interpolation = InterpolationMode::BOX});
        },
        "elastic: interpolation must be nearest, bilinear or bicubic, got box"}},
      {"RandomRotation(-1)",
       {[] { RandomRotation(-1); }, "RandomRotation: degrees as a single number must not be negative, got -1"}},
      {"RandomRotation({1})",
       {[] { RandomRotation(std::vector<double>{1}); }, "RandomRotation: degrees must have 2 numbers, got 1"}},
      {"RandomRotation({1, 2, 3})",
       {[] {
          RandomRotation(std::vector<double>{1, 2, 3});
        },
        "must have 2 numbers, got 3"}},
      {"RandomRotation({2, 1})",
       {[] {
          RandomRotation(std::vector<double>{2, 1});
        },
        "RandomRotation: degrees must be (least, greatest), got (2, 1)"}},
      {"RandomAffine(-1)", {[] { RandomAffine(-1); }, "RandomAffine: degrees as a single number must not be negative, got -1"}},
      {"RandomAffine({1, 2, 3, 4})",
       {[] {
          RandomAffine(std::vector<double>{1, 2, 3, 4});
        },
        "must have 2 numbers, got 4"}},
      {"RandomAffine(translate)",
       {[] {
          RandomAffine(1, {.translate = {{0.5, 1.5}}});
        },
        "RandomAffine: translate must be in [0, 1], got (0.5, 1.5)"}},
      {"RandomAffine(scale)",
       {[] {
          RandomAffine(1, {.scale = {{0.0, 1.5}}});
        },
        "RandomAffine: scale must be positive, got (0.0, 1.5)"}},
      {"RandomAffine(scale down)",
       {[] {
          RandomAffine(1, {.scale = {{2.0, 1.5}}});
        },
        "RandomAffine: scale must be (least, greatest), got (2, 1.5)"}},
      {"RandomAffine(shear -1)", {[] { RandomAffine(1, {.shear = {-1}}); }, "shear as a single number must not be negative"}},
      {"RandomAffine(shear of 3)",
       {[] {
          RandomAffine(1, {.shear = {1, 2, 3}});
        },
        "RandomAffine: shear must have 1, 2 or 4 numbers, got 3"}},
      {"RandomPerspective(1.5)",
       {[] { RandomPerspective(1.5); }, "RandomPerspective: distortion_scale must be in [0, 1], got 1.5"}},
      {"RandomPerspective(p)", {[] { RandomPerspective(0.5, {.p = -0.5}); }, "RandomPerspective: p must be in [0, 1]"}},
      {"ElasticTransform(alpha)",
       {[] {
          ElasticTransform({.alpha = {1, 2, 3}});
        },
        "ElasticTransform: alpha must have 1 or 2 numbers, got 3"}},
      {"ElasticTransform(sigma)",
       {[] {
          ElasticTransform({.sigma = {1, 2, 3}});
        },
        "sigma must have 1 or 2 numbers, got 3"}},
      {"ElasticTransform(one sigma)",
       {[] {
          ElasticTransform({.sigma = {1, 0}});
        },
        "both numbers of sigma must be positive, or none, got [1.0, 0.0]"}},
      {"ElasticTransform(too small)",
       {[=] { ElasticTransform()(image); }, "ElasticTransform: smoothing needs more than 20 rows and columns, got (8, 10)"}},
      {"ElasticTransform(nothing)", {[] { ElasticTransform()(std::string("no value")); }, "ElasticTransform"}},
  };
  for (const auto& c : oracle::cases("transforms_warp/refusals")) {
    SCOPED_TRACE(c.text("what"));
    const auto& [call, message] = refusals.at(c.text("what"));
    if (c.boolean("refused")) {
      EXPECT_ERROR(call(), ValueError, message);
    } else {
      EXPECT_NO_THROW(call());
    }
  }
}

}  // namespace
}  // namespace opsis
