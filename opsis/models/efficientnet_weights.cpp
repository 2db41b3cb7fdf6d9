// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/efficientnet.h"
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models {

constinit const EfficientNet_B0_Weights EfficientNet_B0_Weights::IMAGENET1K_V1{{
    .name = "EfficientNet_B0_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/efficientnet_b0_rwightman-7f5810bc.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 5288548,
    .metrics = imagenet_1k(77.692, 93.532),
    .gflops = 0.386,
    .file_size_mb = 20.451,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1",
    .docs = training_notes::ported,
}};

constinit const EfficientNet_B1_Weights EfficientNet_B1_Weights::IMAGENET1K_V1{{
    .name = "EfficientNet_B1_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/efficientnet_b1_rwightman-bac287d4.pth",
    .preset = ImageClassificationOptions{.crop_size = 240, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 7794184,
    .metrics = imagenet_1k(78.642, 94.186),
    .gflops = 0.687,
    .file_size_mb = 30.134,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1",
    .docs = training_notes::ported,
}};
constinit const EfficientNet_B1_Weights EfficientNet_B1_Weights::IMAGENET1K_V2{{
    .name = "EfficientNet_B1_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/efficientnet_b1-c27df63c.pth",
    .preset = ImageClassificationOptions{.crop_size = 240, .resize_size = 255},
    .categories = kImagenetCategories,
    .num_params = 7794184,
    .metrics = imagenet_1k(79.838, 94.934),
    .gflops = 0.687,
    .file_size_mb = 30.136,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe-with-lr-wd-crop-tuning",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const EfficientNet_B2_Weights EfficientNet_B2_Weights::IMAGENET1K_V1{{
    .name = "EfficientNet_B2_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/efficientnet_b2_rwightman-c35c1473.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 288, .resize_size = 288, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 9109994,
    .metrics = imagenet_1k(80.608, 95.31),
    .gflops = 1.088,
    .file_size_mb = 35.174,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1",
    .docs = training_notes::ported,
}};

constinit const EfficientNet_B3_Weights EfficientNet_B3_Weights::IMAGENET1K_V1{{
    .name = "EfficientNet_B3_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/efficientnet_b3_rwightman-b3899882.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 300, .resize_size = 320, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 12233232,
    .metrics = imagenet_1k(82.008, 96.054),
    .gflops = 1.827,
    .file_size_mb = 47.184,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1",
    .docs = training_notes::ported,
}};

constinit const EfficientNet_B4_Weights EfficientNet_B4_Weights::IMAGENET1K_V1{{
    .name = "EfficientNet_B4_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/efficientnet_b4_rwightman-23ab8bcd.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 380, .resize_size = 384, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 19341616,
    .metrics = imagenet_1k(83.384, 96.594),
    .gflops = 4.394,
    .file_size_mb = 74.489,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1",
    .docs = training_notes::ported,
}};

constinit const EfficientNet_B5_Weights EfficientNet_B5_Weights::IMAGENET1K_V1{{
    .name = "EfficientNet_B5_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/efficientnet_b5_lukemelas-1a07897c.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 456, .resize_size = 456, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 30389784,
    .metrics = imagenet_1k(83.444, 96.628),
    .gflops = 10.266,
    .file_size_mb = 116.864,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1",
    .docs = training_notes::ported,
}};

constinit const EfficientNet_B6_Weights EfficientNet_B6_Weights::IMAGENET1K_V1{{
    .name = "EfficientNet_B6_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/efficientnet_b6_lukemelas-24a108a5.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 528, .resize_size = 528, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 43040704,
    .metrics = imagenet_1k(84.008, 96.916),
    .gflops = 19.068,
    .file_size_mb = 165.362,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1",
    .docs = training_notes::ported,
}};

constinit const EfficientNet_B7_Weights EfficientNet_B7_Weights::IMAGENET1K_V1{{
    .name = "EfficientNet_B7_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/efficientnet_b7_lukemelas-c5b4e57e.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 600, .resize_size = 600, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 66347960,
    .metrics = imagenet_1k(84.122, 96.908),
    .gflops = 37.746,
    .file_size_mb = 254.675,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1",
    .docs = training_notes::ported,
}};

constinit const EfficientNet_V2_S_Weights EfficientNet_V2_S_Weights::IMAGENET1K_V1{{
    .name = "EfficientNet_V2_S_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/efficientnet_v2_s-dd5fe13b.pth",
    .preset = ImageClassificationOptions{.crop_size = 384, .resize_size = 384},
    .categories = kImagenetCategories,
    .num_params = 21458488,
    .min_size = {33, 33},
    .metrics = imagenet_1k(84.228, 96.878),
    .gflops = 8.366,
    .file_size_mb = 82.704,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v2",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const EfficientNet_V2_M_Weights EfficientNet_V2_M_Weights::IMAGENET1K_V1{{
    .name = "EfficientNet_V2_M_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/efficientnet_v2_m-dc08266a.pth",
    .preset = ImageClassificationOptions{.crop_size = 480, .resize_size = 480},
    .categories = kImagenetCategories,
    .num_params = 54139356,
    .min_size = {33, 33},
    .metrics = imagenet_1k(85.112, 97.156),
    .gflops = 24.582,
    .file_size_mb = 208.01,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v2",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const EfficientNet_V2_L_Weights EfficientNet_V2_L_Weights::IMAGENET1K_V1{{
    .name = "EfficientNet_V2_L_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/efficientnet_v2_l-59c71312.pth",
    .preset = ImageClassificationOptions{.crop_size = 480,
                                         .resize_size = 480,
                                         .mean = {0.5, 0.5, 0.5},
                                         .std = {0.5, 0.5, 0.5},
                                         .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 118515272,
    .min_size = {33, 33},
    .metrics = imagenet_1k(85.808, 97.788),
    .gflops = 56.08,
    .file_size_mb = 454.573,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v2",
    .docs = training_notes::ported,
}};

}  // namespace opsis::inline v1::models
