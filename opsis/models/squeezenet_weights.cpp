// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/squeezenet.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models {

constinit const SqueezeNet1_0_Weights SqueezeNet1_0_Weights::IMAGENET1K_V1{{
    .name = "SqueezeNet1_0_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/squeezenet1_0-b66bff10.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 1248424,
    .min_size = {21, 21},
    .metrics = imagenet_1k(58.092, 80.42),
    .gflops = 0.819,
    .file_size_mb = 4.778,
    .recipe = "https://github.com/pytorch/vision/pull/49#issuecomment-277560717",
    .docs = training_notes::plain_recipe,
}};

constinit const SqueezeNet1_1_Weights SqueezeNet1_1_Weights::IMAGENET1K_V1{{
    .name = "SqueezeNet1_1_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 1235496,
    .min_size = {17, 17},
    .metrics = imagenet_1k(58.178, 80.624),
    .gflops = 0.349,
    .file_size_mb = 4.729,
    .recipe = "https://github.com/pytorch/vision/pull/49#issuecomment-277560717",
    .docs = training_notes::plain_recipe,
}};

}  // namespace opsis::inline v1::models
