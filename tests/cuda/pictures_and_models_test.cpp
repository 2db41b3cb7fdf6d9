// What has no kernel of its own on CUDA works there all the same, by LibTorch's: transforms and models.
#include <torch/torch.h>

#include "opsis/core/random.h"
#include "opsis/models.h"
#include "opsis/transforms.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using torch::Tensor;

std::vector<std::pair<std::string, transforms::AnyTransform>> cases() {
  using namespace transforms;
  return {{"Resize", Resize({40, 30})},
          {"Resize nearest", Resize({40, 30}, {.interpolation = InterpolationMode::NEAREST})},
          {"CenterCrop", CenterCrop(40)},
          {"RandomCrop", RandomCrop(40)},
          {"RandomResizedCrop", RandomResizedCrop(32)},
          {"RandomHorizontalFlip", RandomHorizontalFlip(1)},
          {"RandomVerticalFlip", RandomVerticalFlip(1)},
          {"Pad", Pad(3)},
          {"Pad reflect", Pad(3, {.padding_mode = PaddingMode::Reflect})},
          {"RandomRotation", RandomRotation(30)},
          {"RandomAffine", RandomAffine(20)},
          {"RandomPerspective", RandomPerspective(0.5, {.p = 1})},
          {"ElasticTransform", ElasticTransform()},
          {"ColorJitter", ColorJitter({.brightness = 0.3, .contrast = 0.3, .saturation = 0.3, .hue = 0.1})},
          {"RandomEqualize", RandomEqualize(1)},
          {"RandomAutocontrast", RandomAutocontrast(1)},
          {"RandomPosterize", RandomPosterize(3, 1)},
          {"RandomSolarize", RandomSolarize(100, 1)},
          {"RandomInvert", RandomInvert(1)},
          {"RandomAdjustSharpness", RandomAdjustSharpness(2, 1)},
          {"Grayscale", Grayscale(3)},
          {"GaussianBlur", GaussianBlur(5)},
          {"RandomErasing", RandomErasing({.p = 1})},
          {"ToDtype", ToDtype(torch::kFloat32, {.scale = true})},
          {"a pipeline", Compose{RandomResizedCrop(32), RandomHorizontalFlip(1), ToDtype(torch::kFloat32, {.scale = true}),
                                 Normalize({0.5, 0.4, 0.3}, {0.2, 0.3, 0.4})}},
          {"RandAugment", RandAugment()},
          {"TrivialAugmentWide", TrivialAugmentWide()}};
}

TEST(TransformsOnCuda, GiveThePixelsOfTheCpu) {
  torch::manual_seed(1);
  const auto smooth =
      torch::nn::functional::interpolate(torch::rand({1, 3, 9, 8}), torch::nn::functional::InterpolateFuncOptions()
                                                                        .size(std::vector<int64_t>{61, 50})
                                                                        .mode(torch::kBilinear)
                                                                        .align_corners(false))[0];
  for (const auto& picture : {smooth.mul(255).to(torch::kUInt8), smooth}) {
    for (const auto& [name, transform] : cases()) {
      SCOPED_TRACE(name + " of " + torch::toString(picture.scalar_type()));
      const bool of_bytes =
          name == "RandomPosterize" || name == "RandomSolarize" || name == "RandAugment" || name == "TrivialAugmentWide";
      if (of_bytes && picture.is_floating_point()) continue;
      try {
        const auto apply = [&transform = transform](const Tensor& image) {
          const random::Scope scope(11);
          return transform(Image(image)).data;
        };
        const auto expected = apply(picture), actual = apply(picture.to(torch::kCUDA));
        EXPECT_TRUE(actual.is_cuda());
        ASSERT_EQ(actual.sizes(), expected.sizes());
        const auto apart = (actual.cpu().to(torch::kFloat64) - expected.to(torch::kFloat64)).abs();
        // Sizes of bytes are found in integers on the CPU alone, in torchvision too: a level apart, also after Normalize.
        const auto level = picture.scalar_type() == torch::kUInt8 ? 1.0 : 0.0;
        const auto step = expected.scalar_type() == torch::kUInt8 ? level : level / 255 / 0.2 + 1e-3;
        // Now and then a number lies where rounding decides which pixel a place is in.
        EXPECT_LT(apart.gt(step).to(torch::kFloat64).mean().item<double>(), 0.003) << "at most " << apart.max().item<double>();
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
    }
  }
}

TEST(ModelsOnCuda, GiveTheLogitsOfTheCpu) {
  at::globalContext().setAllowTF32CuDNN(false);
  for (const auto* const name : {"resnet18", "mobilenet_v3_small", "swin_t", "vit_b_16", "shufflenet_v2_x0_5"}) {
    SCOPED_TRACE(name);
    torch::manual_seed(2);
    const auto model = models::get_model(name);
    model->eval();
    const auto images = torch::randn({2, 3, 224, 224});
    const torch::NoGradGuard no_grad;
    const auto expected = model->forward(images);
    model->to(torch::kCUDA);
    EXPECT_TENSOR_NEAR(model->forward(images.to(torch::kCUDA)).cpu(), expected, 1e-3, 1e-4);
  }
}

}  // namespace
}  // namespace opsis
