// torchvision's first transforms: what is theirs alone, and that the names shared with v2 do the same.
#include "opsis/transforms/v1/transforms.h"

#include <map>

#include "opsis/core/parallel.h"
#include "opsis/core/python_random.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

namespace first = transforms::v1;
using transforms::AnyTransform;
using transforms::InterpolationMode;

// What tests/oracle/transforms_v1.py names, in C++.
const AnyTransform& first_transform(const std::string& name) {
  constexpr auto nearest = InterpolationMode::NEAREST, bicubic = InterpolationMode::BICUBIC;
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
      {"AugMix()", first::AugMix({.interpolation = nearest})},
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
      {"Compose()", first::Compose{first::RandomCrop(20), first::RandomHorizontalFlip()}},
  };
  return all.at(name);
}

TEST(FirstTransforms, DrawAndDoAsTorchvisions) {
  const SerialScope serial;  // ATen takes another kernel for aliased bilinear when it has several threads
  for (const auto& c : oracle::cases("transforms_v1/transform")) {
    SCOPED_TRACE(c.name());
    const auto image = c.tensor("image"), before = image.clone();
    const auto seed = static_cast<uint64_t>(c.integer("seed"));
    const auto& transform = first_transform(c.text("transform"));
    torch::manual_seed(seed);
    const random::PythonScope python(seed);
    if (c.boolean("refused")) {
      EXPECT_THROW(transform(image), ValueError);
      continue;
    }
    EXPECT_TENSOR_EQ(transform(image), c.tensor("expected"));
    EXPECT_TENSOR_EQ(torch::rand({1}), c.tensor("next_draw"));
    EXPECT_EQ(random::python_choice(1 << 30), static_cast<int64_t>(c.number("next_python") * (1 << 30)));
    EXPECT_TENSOR_EQ(image, before);
  }
}

TEST(FirstTransforms, PrintAsTorchvisions) {
  for (const auto& c : oracle::cases("transforms_v1/repr")) {
    EXPECT_EQ(first_transform(c.text("transform")).repr(), c.text("expected"));
  }
}

template <class Call>
void expect_first(const oracle::Case& c, const Call& call) {
  SCOPED_TRACE(c.name());
  if (c.boolean("refused")) {
    EXPECT_THROW(call(c.tensor("image")), ValueError);
  } else {
    EXPECT_TENSOR_EQ(call(c.tensor("image")), c.tensor("expected"));
  }
}

TEST(FirstFunctional, AdjustsAsTorchvisions) {
  const SerialScope serial;
  for (const auto& c : oracle::cases("transforms_v1/functional")) {
    expect_first(c, [&](const torch::Tensor& image) {
      const auto op = c.text("op");
      if (op == "contrast") return first::functional::adjust_contrast(image, c.number("factor"));
      if (op == "saturation") return first::functional::adjust_saturation(image, c.number("factor"));
      return first::functional::adjust_sharpness(image, c.number("factor"));
    });
  }
  EXPECT_ERROR(first::functional::adjust_contrast(torch::zeros({3, 4, 4}), -1), ValueError, "must not be negative");
}

TEST(FirstFunctional, ChangesLevelsAsTorchvisions) {
  for (const auto& c : oracle::cases("transforms_v1/levels")) {
    expect_first(c, [&](const torch::Tensor& image) {
      const auto op = c.text("op");
      if (op == "autocontrast") return first::functional::autocontrast(image);
      if (op == "equalize") return first::functional::equalize(image);
      if (op.starts_with("gray")) return first::functional::rgb_to_grayscale(image, op.back() - '0');
      return first::functional::posterize(image, op.back() - '0');
    });
  }
}

TEST(FirstFunctional, ConvertsTypesAsTorchvisions) {
  const std::map<std::string, torch::ScalarType> types{
      {"uint8", torch::kUInt8},     {"int16", torch::kInt16},       {"int32", torch::kInt32},     {"int64", torch::kInt64},
      {"float16", torch::kFloat16}, {"bfloat16", torch::kBFloat16}, {"float32", torch::kFloat32}, {"float64", torch::kFloat64}};
  for (const auto& c : oracle::cases("transforms_v1/convert")) {
    expect_first(
        c, [&](const torch::Tensor& image) { return first::functional::convert_image_dtype(image, types.at(c.text("to"))); });
  }
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
