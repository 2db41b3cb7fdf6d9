// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/convnext.h"
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models {

constinit const ConvNeXt_Tiny_Weights ConvNeXt_Tiny_Weights::IMAGENET1K_V1{{
    .name = "ConvNeXt_Tiny_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/convnext_tiny-983f1562.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 236},
    .categories = kImagenetCategories,
    .num_params = 28589128,
    .min_size = {32, 32},
    .metrics = imagenet_1k(82.52, 96.146),
    .gflops = 4.456,
    .file_size_mb = 109.119,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#convnext",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const ConvNeXt_Small_Weights ConvNeXt_Small_Weights::IMAGENET1K_V1{{
    .name = "ConvNeXt_Small_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/convnext_small-0c510722.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 230},
    .categories = kImagenetCategories,
    .num_params = 50223688,
    .min_size = {32, 32},
    .metrics = imagenet_1k(83.616, 96.65),
    .gflops = 8.684,
    .file_size_mb = 191.703,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#convnext",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const ConvNeXt_Base_Weights ConvNeXt_Base_Weights::IMAGENET1K_V1{{
    .name = "ConvNeXt_Base_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/convnext_base-6075fbad.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 88591464,
    .min_size = {32, 32},
    .metrics = imagenet_1k(84.062, 96.87),
    .gflops = 15.355,
    .file_size_mb = 338.064,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#convnext",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const ConvNeXt_Large_Weights ConvNeXt_Large_Weights::IMAGENET1K_V1{{
    .name = "ConvNeXt_Large_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/convnext_large-ea097f82.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 197767336,
    .min_size = {32, 32},
    .metrics = imagenet_1k(84.414, 96.976),
    .gflops = 34.361,
    .file_size_mb = 754.537,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#convnext",
    .docs = training_notes::adapted_new_recipe,
}};

}  // namespace opsis::inline v1::models
