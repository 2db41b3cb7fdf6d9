// Every transform with its draws, against torchvision.
#include "opsis/core/parallel.h"
#include "opsis/core/random.h"
#include "tests/support/expect.h"
#include "tests/support/sample.h"
#include "tests/support/transform_catalogue.h"
#include "tests/support/transform_operations.h"

namespace opsis {
namespace {

using namespace transforms;

TEST(Transforms, PrintAsTorchvisions) {
  for (const auto& c : oracle::cases("transforms/repr")) {
    EXPECT_EQ(catalogue::named(c.text("transform")).repr(), c.text("expected"));
  }
}

TEST(Transforms, ChangeASampleAsTorchvisions) {
  support::expect_changed_as_torchvisions("transforms/sample", [](const std::string& name) { return catalogue::named(name); });
}

Compose pipeline(const std::string& name) {
  const Normalize normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225});
  if (name == "train float") {
    return {RandomResizedCrop(224), RandomHorizontalFlip(), ToDtype(torch::kFloat32, {.scale = true}), normalize};
  }
  if (name == "train uint8") {
    return {RandomCrop(224, {.padding = {8}, .pad_if_needed = true}), RandomHorizontalFlip(),
            RandomResizedCrop(160, {.interpolation = InterpolationMode::BICUBIC})};
  }
  return {Resize(256), CenterCrop(224), ToDtype(torch::kFloat32, {.scale = true}), normalize};
}

void expect_pipelines_of(const std::string& table) {
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(c.name());
    const Image image(operations::laid_out(c.tensor("image"), c.text("layout")));
    // By a generator of its own, and by the default one.
    {
      const random::Scope scope(static_cast<uint64_t>(c.integer("seed")));
      EXPECT_TENSOR_EQ(pipeline(c.text("pipeline"))(image).data, c.tensor("expected"));
      EXPECT_EQ(random::uniform(), c.tensor("next_draw").item<float>());
    }
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    EXPECT_TENSOR_EQ(pipeline(c.text("pipeline"))(image).data, c.tensor("expected"));
  }
}

TEST(Transforms, PipelinesOnPhotosGiveTorchvisionsBytes) { expect_pipelines_of("transforms/pipeline"); }
TEST(Transforms, PipelinesOnScikitImagesPhotosGiveTorchvisionsBytes) { expect_pipelines_of("transforms/photo_pipeline"); }

TEST(ImageClassification, EqualsTorchvisionsPreset) {
  const SerialScope serial;  // ATen takes another kernel for aliased bilinear when it has several threads
  for (const auto& c : oracle::cases("transforms/preset")) {
    SCOPED_TRACE(c.name());
    static const std::map<std::string, InterpolationMode> modes{{"NEAREST", InterpolationMode::NEAREST},
                                                                {"BILINEAR", InterpolationMode::BILINEAR},
                                                                {"BICUBIC", InterpolationMode::BICUBIC}};
    const ImageClassification preset({.crop_size = 28,
                                      .resize_size = 32,
                                      .interpolation = modes.at(c.text("interpolation")),
                                      .antialias = c.boolean("antialias")});
    const auto image = operations::laid_out(c.tensor("input"), c.text("layout"));
    EXPECT_TENSOR_EQ(preset(image), c.tensor("expected"));
    EXPECT_EQ(preset.repr(), c.text("repr"));
    EXPECT_TENSOR_EQ(image, c.tensor("input"));
  }
}

// A large image is resized band by band; the same as at once, bit for bit.
// torchvision's in-place normalize does not make three channels of one.
TEST(ImageClassification, RefusesOneChannel) {
  EXPECT_THROW(ImageClassification({.crop_size = 32, .resize_size = 32})(Image(torch::zeros({1, 40, 40}, torch::kUInt8))),
               ValueError);
}

TEST(ImageClassification, OfALargeImageEqualsThePartsItIsMadeOf) {
  const SerialScope serial;
  for (const auto& layout : {"contiguous", "channels_last"}) {
    for (const auto mode : {InterpolationMode::BILINEAR, InterpolationMode::BICUBIC}) {
      SCOPED_TRACE(layout);
      const auto image = operations::laid_out(torch::randint(256, {3, 1207, 1301}, torch::kUInt8), layout);
      const ImageClassification preset({.interpolation = mode});
      const auto& o = preset.options();
      auto whole = functional::resize(image.to(torch::kFloat32), {o.resize_size}, {.interpolation = mode});
      whole = functional::center_crop(whole.clamp(0, 255).round(), {o.crop_size}).div(255);
      EXPECT_TENSOR_EQ(preset(image), functional::normalize(whole, o.mean, o.std));
    }
  }
}

TEST(ToDtype, WithoutAKindRefusesIt) {
  const ToDtype masks({.mask = torch::kInt64});
  EXPECT_EQ(masks(Mask(torch::zeros({2, 2}))).data.scalar_type(), torch::kInt64);
  EXPECT_ERROR(masks(Image(torch::zeros({2, 2}))), ValueError,
               "ToDtype: no type is named for Image; name it, or pass .others = unchanged");
}

TEST(Lambda, ChangesTheKindsItAccepts) {
  const Lambda invert([](const Image& image) { return Image(255 - image.data); });
  const auto data = torch::full({1, 2, 2}, 5);
  const auto [image, mask] = invert(Image(data), Mask(data));
  EXPECT_TENSOR_EQ(image.data, torch::full({1, 2, 2}, 250));
  EXPECT_TENSOR_EQ(mask.data, data);
  EXPECT_EQ(invert.repr(), "Lambda(<lambda>, types=['Image'])");
}

TEST(Lambda, OfTensorsGetsPixels) {
  const Lambda twice([](const torch::Tensor& pixels) { return pixels * 2; });
  EXPECT_TENSOR_EQ(twice(torch::ones({3, 2, 2})), torch::full({3, 2, 2}, 2.0f));
  EXPECT_TENSOR_EQ(twice(Image(torch::ones({3, 2, 2}))).data, torch::full({3, 2, 2}, 2.0f));
  EXPECT_TENSOR_EQ(twice(Mask(torch::ones({2, 2}))).data, torch::ones({2, 2}));
}

TEST(RandomResizedCrop, MakesParametersThatCanBeSeen) {
  const random::Scope scope(3);
  const std::vector<Value> values{Image(torch::zeros({3, 40, 60}))};
  const auto region = RandomResizedCrop(8).make_params(values);
  EXPECT_GE(region.top, 0);
  EXPECT_LE(region.left + region.width, 60);
  const auto replayed = RandomResizedCrop(8).transform(values[0], region);
  EXPECT_EQ(std::get<Image>(replayed).data.size(-1), 8);
}

}  // namespace
}  // namespace opsis
