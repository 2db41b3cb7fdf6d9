// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/training_notes.h"
#include "opsis/models/vision_transformer.h"

namespace opsis::inline v1::models {

constinit const ViT_B_16_Weights ViT_B_16_Weights::IMAGENET1K_V1{{
    .name = "ViT_B_16_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/vit_b_16-c867db91.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 86567656,
    .min_size = {224, 224},
    .metrics = imagenet_1k(81.072, 95.318),
    .gflops = 17.564,
    .file_size_mb = 330.285,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#vit_b_16",
    .docs = training_notes::from_scratch_as_deit,
}};
constinit const ViT_B_16_Weights ViT_B_16_Weights::IMAGENET1K_SWAG_E2E_V1{{
    .name = "ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1",
    .url = "https://download.pytorch.org/models/vit_b_16_swag-9ac1b537.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 384, .resize_size = 384, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 86859496,
    .min_size = {384, 384},
    .metrics = imagenet_1k(85.304, 97.65),
    .gflops = 55.484,
    .file_size_mb = 331.398,
    .recipe = "https://github.com/facebookresearch/SWAG",
    .docs = training_notes::swag_end_to_end,
    .license = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE",
}};
constinit const ViT_B_16_Weights ViT_B_16_Weights::IMAGENET1K_SWAG_LINEAR_V1{{
    .name = "ViT_B_16_Weights.IMAGENET1K_SWAG_LINEAR_V1",
    .url = "https://download.pytorch.org/models/vit_b_16_lc_swag-4e70ced5.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 224, .resize_size = 224, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 86567656,
    .min_size = {224, 224},
    .metrics = imagenet_1k(81.886, 96.18),
    .gflops = 17.564,
    .file_size_mb = 330.285,
    .recipe = "https://github.com/pytorch/vision/pull/5793",
    .docs = training_notes::swag_linear,
    .license = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE",
}};

constinit const ViT_B_32_Weights ViT_B_32_Weights::IMAGENET1K_V1{{
    .name = "ViT_B_32_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/vit_b_32-d86f8d99.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 88224232,
    .min_size = {224, 224},
    .metrics = imagenet_1k(75.912, 92.466),
    .gflops = 4.409,
    .file_size_mb = 336.604,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#vit_b_32",
    .docs = training_notes::from_scratch_as_deit,
}};

constinit const ViT_L_16_Weights ViT_L_16_Weights::IMAGENET1K_V1{{
    .name = "ViT_L_16_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/vit_l_16-852ce7e3.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 242},
    .categories = kImagenetCategories,
    .num_params = 304326632,
    .min_size = {224, 224},
    .metrics = imagenet_1k(79.662, 94.638),
    .gflops = 61.555,
    .file_size_mb = 1161.023,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#vit_l_16",
    .docs = training_notes::from_scratch_by_adapted_new_recipe,
}};
constinit const ViT_L_16_Weights ViT_L_16_Weights::IMAGENET1K_SWAG_E2E_V1{{
    .name = "ViT_L_16_Weights.IMAGENET1K_SWAG_E2E_V1",
    .url = "https://download.pytorch.org/models/vit_l_16_swag-4f3808c9.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 512, .resize_size = 512, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 305174504,
    .min_size = {512, 512},
    .metrics = imagenet_1k(88.064, 98.512),
    .gflops = 361.986,
    .file_size_mb = 1164.258,
    .recipe = "https://github.com/facebookresearch/SWAG",
    .docs = training_notes::swag_end_to_end,
    .license = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE",
}};
constinit const ViT_L_16_Weights ViT_L_16_Weights::IMAGENET1K_SWAG_LINEAR_V1{{
    .name = "ViT_L_16_Weights.IMAGENET1K_SWAG_LINEAR_V1",
    .url = "https://download.pytorch.org/models/vit_l_16_lc_swag-4d563306.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 224, .resize_size = 224, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 304326632,
    .min_size = {224, 224},
    .metrics = imagenet_1k(85.146, 97.422),
    .gflops = 61.555,
    .file_size_mb = 1161.023,
    .recipe = "https://github.com/pytorch/vision/pull/5793",
    .docs = training_notes::swag_linear,
    .license = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE",
}};

constinit const ViT_L_32_Weights ViT_L_32_Weights::IMAGENET1K_V1{{
    .name = "ViT_L_32_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/vit_l_32-c7638314.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 306535400,
    .min_size = {224, 224},
    .metrics = imagenet_1k(76.972, 93.07),
    .gflops = 15.378,
    .file_size_mb = 1169.449,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#vit_l_32",
    .docs = training_notes::from_scratch_as_deit,
}};

constinit const ViT_H_14_Weights ViT_H_14_Weights::IMAGENET1K_SWAG_E2E_V1{{
    .name = "ViT_H_14_Weights.IMAGENET1K_SWAG_E2E_V1",
    .url = "https://download.pytorch.org/models/vit_h_14_swag-80465313.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 518, .resize_size = 518, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 633470440,
    .min_size = {518, 518},
    .metrics = imagenet_1k(88.552, 98.694),
    .gflops = 1016.717,
    .file_size_mb = 2416.643,
    .recipe = "https://github.com/facebookresearch/SWAG",
    .docs = training_notes::swag_end_to_end,
    .license = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE",
}};
constinit const ViT_H_14_Weights ViT_H_14_Weights::IMAGENET1K_SWAG_LINEAR_V1{{
    .name = "ViT_H_14_Weights.IMAGENET1K_SWAG_LINEAR_V1",
    .url = "https://download.pytorch.org/models/vit_h_14_lc_swag-c1eb923e.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 224, .resize_size = 224, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 632045800,
    .min_size = {224, 224},
    .metrics = imagenet_1k(85.708, 97.73),
    .gflops = 167.295,
    .file_size_mb = 2411.209,
    .recipe = "https://github.com/pytorch/vision/pull/5793",
    .docs = training_notes::swag_linear,
    .license = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE",
}};

}  // namespace opsis::inline v1::models
