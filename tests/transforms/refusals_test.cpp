// What transforms refuse: all that torchvision refuses, by messages that name the rule.
#include "opsis/transforms.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using namespace transforms;

// The cases of tests/oracle/transforms.py's REFUSALS, with the message of each.
struct Refusal {
  std::function<void()> call;
  std::string message;
};

std::map<std::string, Refusal> refusals() {
  const Image image(torch::zeros({3, 8, 10}, torch::kUInt8));
  const Image small(torch::zeros({3, 2, 2}));
  const Mask mask(torch::zeros({8, 10}));
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  const KeyPoints points(torch::zeros({1, 2}), {8, 10});
  const BoundingBoxes boxes(torch::tensor({{1.0, 2.0, 3.0, 4.0}}), BoundingBoxFormat::XYXY, {8, 10});
  return {
      {"Resize({1, 2, 3})",
       {[] {
          Resize({1, 2, 3});
        },
        "Resize: size must have 1 or 2 numbers, got 3"}},
      {"Resize({})", {[] { Resize({}, {}); }, "Resize: without a size, max_size must be given"}},
      {"Resize({4, 5}, max)",
       {[=] {
          Resize({4, 5}, {.max_size = 9})(image);
        },
        "max_size goes with a size of one number"}},
      {"Resize(8, max 8)", {[=] { Resize(8, {.max_size = 8})(image); }, "max_size must be above the shorter side 8, got 8"}},
      {"Resize(0)", {[=] { Resize(0)(image); }, "resize: the new size must be positive, got (0, 0)"}},
      {"Resize(-3)", {[=] { Resize(-3)(image); }, "resize: the new size must be positive, got (-3, -3)"}},
      {"Resize(2 ** 63 - 1)",
       {[=] { Resize({most})(image); }, "resize: the new size must fit 64 bits, got 9223372036854775807 * 10 / 8"}},
      {"Resize(box)",
       {[=] { Resize(5, {.interpolation = InterpolationMode::BOX})(image); }, "resize: box is not there for tensors"}},
      {"Resize(lanczos, aliased)",
       {[=] { Resize(5, {.interpolation = InterpolationMode::LANCZOS, .antialias = false})(image); },
        "resize: lanczos needs antialias"}},
      {"resize (H, W)",
       {[] {
          functional::resize(torch::zeros({8, 10}), {4});
        },
        "must be (..., C, H, W), got (8, 10)"}},
      {"interpolation", {[] { interpolation_mode("trilinear"); }, "no mode is named \"trilinear\"; did you mean bilinear"}},
      {"CenterCrop({1, 2, 3})",
       {[] {
          CenterCrop({1, 2, 3});
        },
        "CenterCrop: size must have 1 or 2 numbers, got 3"}},
      {"CenterCrop({})", {[] { CenterCrop(std::vector<int64_t>{}); }, "CenterCrop: size must have 1 or 2 numbers, got 0"}},
      {"RandomCrop({1, 2, 3})",
       {[] {
          RandomCrop({1, 2, 3});
        },
        "RandomCrop: size must have 1 or 2 numbers, got 3"}},
      {"RandomCrop(9)",
       {[=] { RandomCrop(9)(image); },
        "RandomCrop: the size (9, 9) must not exceed the (padded) sample's, got (8, 10); pass .pad_if_needed = true"}},
      {"RandomCrop(padding of 3)",
       {[] {
          RandomCrop(4, {.padding = {1, 2, 3}});
        },
        "RandomCrop: padding must have 1, 2 or 4 numbers, got 3"}},
      {"RandomCrop(two sizes)",
       {[=] {
          RandomCrop(4)(image, Mask(torch::zeros({9, 9})));
        },
        "RandomCrop: the values of a sample must have one size, got (8, 10) and (9, 9)"}},
      {"RandomCrop(nothing)",
       {[] { RandomCrop(4)(std::string("no value")); },
        "RandomCrop: the sample must have an image, a video, a mask, boxes or key points, got none"}},
      {"RandomResizedCrop({1, 2, 3})",
       {[] {
          RandomResizedCrop({1, 2, 3});
        },
        "RandomResizedCrop: size must have 1 or 2 numbers, got 3"}},
      {"RandomResizedCrop(scale)",
       {[] {
          RandomResizedCrop(4, {.scale = {1.0, 0.5}});
        },
        "RandomResizedCrop: scale must be (least, greatest) from 0 on, got (1.0, 0.5)"}},
      {"RandomHorizontalFlip(1.5)", {[] { RandomHorizontalFlip(1.5); }, "RandomHorizontalFlip: p must be in [0, 1], got 1.5"}},
      {"RandomHorizontalFlip(-0.1)", {[] { RandomHorizontalFlip(-0.1); }, "p must be in [0, 1], got -0.1"}},
      {"Pad of 3",
       {[] {
          Pad({1, 2, 3});
        },
        "Pad: padding must have 1, 2 or 4 numbers, got 3"}},
      {"Pad mode", {[] { padding_mode("mirror"); }, "must be constant, edge, reflect or symmetric, got \"mirror\""}},
      {"Pad boxes reflect",
       {[=] { Pad(1, {.padding_mode = PaddingMode::Reflect})(boxes); }, "pad: boxes take the mode constant only"}},
      {"Pad points edge",
       {[=] { Pad(1, {.padding_mode = PaddingMode::Edge})(points); }, "pad: key points take the mode constant only"}},
      {"Pad mask colour",
       {[=] {
          Pad(1, {.fill = {1, 2, 3}})(mask);
        },
        "pad: a mask takes one fill, not a list"}},
      {"Pad edge colour",
       {[=] {
          Pad(1, {.fill = {1, 2, 3}, .padding_mode = PaddingMode::Edge})(image);
        },
        "pad: edge takes one fill"}},
      {"Pad two colours",
       {[=] {
          Pad(1, {.fill = {1, 2}})(image);
        },
        "pad: fill must have 1 or 3 numbers, got 2"}},
      {"Pad reflect too far",
       {[=] { Pad(8, {.padding_mode = PaddingMode::Reflect})(image); }, "pad: reflect cannot show more pixels"}},
      {"Pad symmetric too far",
       {[=] { Pad(9, {.padding_mode = PaddingMode::Symmetric})(image); }, "pad: symmetric cannot show more pixels"}},
      {"Pad all away", {[=] { Pad(-5)(image); }, "pad: the padding takes more than the image has"}},
      {"ToDtype(mask only)", {[=] { ToDtype({.mask = torch::kInt64})(image); }, "ToDtype: no type is named for Image"}},
      {"ToDtype(unsafe)",
       {[=] { ToDtype(torch::kInt64, {.scale = true})(small); }, "to_dtype: Float cannot be scaled to Long"}},
      {"Normalize uint8", {[=] { Normalize({0.5}, {0.5})(image); }, "normalize: the image must be floating point, got Byte"}},
      {"Normalize std 0", {[=] { Normalize({0.5}, {0.0})(small); }, "normalize: std must not be 0"}},
      {"Normalize two of three",
       {[=] {
          Normalize({0.5, 0.5}, {0.5, 0.5})(small);
        },
        "normalize: mean and std must have 1 or 3 numbers"}},
      {"Normalize (H, W)",
       {[] {
          functional::normalize(torch::zeros({2, 2}), {0.5}, {0.5});
        },
        "normalize: the tensor must be (..., C, H, W)"}},
      {"Normalize inplace wider",
       {[] {
          functional::normalize(torch::zeros({1, 2, 2}), {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}, {.inplace = true});
        },
        "normalize: mean and std must have 1 or 1 numbers"}},
      {"ImageClassification of one channel",  // in place, one channel does not become three
       {[=] { ImageClassification({.crop_size = 4, .resize_size = 4})(Image(image.data.slice(0, 0, 1))); },
        "normalize: mean and std must have 1 number for one channel, got 3 and 3"}},
      {"Compose({})", {[] { Compose(std::vector<AnyTransform>{}); }, "Compose: there must be at least one transform"}},
      {"RandomApply({})", {[] { RandomApply(std::vector<AnyTransform>{}); }, "RandomApply: there must be at least one"}},
      {"RandomApply(2)", {[] { RandomApply({Pad(1)}, 2.0); }, "RandomApply: p must be in [0, 1], got 2"}},
      {"convert upright to rotated",
       {[=] { functional::convert_bounding_box_format(boxes, BoundingBoxFormat::XYWHR); },
        "XYXY and XYWHR are upright and rotated"}},
  };
}

TEST(Transforms, RefuseWhatTorchvisionRefuses) {
  const auto ours = refusals();
  for (const auto& c : oracle::cases("transforms/refusals")) {
    SCOPED_TRACE(c.name());
    EXPECT_TRUE(c.boolean("refused"));
    const auto found = ours.find(c.text("what"));
    ASSERT_NE(found, ours.end());
    EXPECT_ERROR(found->second.call(), ValueError, found->second.message);
  }
}

TEST(ListTransforms, NamesAreSortedAndTorchvisions) {
  for (const auto& c : oracle::cases("transforms/names")) {
    const auto names = c.text("of") == "transforms" ? list_transforms() : list_functionals();
    EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
    auto theirs = c.texts("names");
    theirs.insert(theirs.end(), {"Letterbox", "PermuteChannels"});  // which torchvision lacks
    for (const auto name : names) EXPECT_THAT(theirs, ::testing::Contains(std::string(name)));
  }
}

}  // namespace
}  // namespace opsis
