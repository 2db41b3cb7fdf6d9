// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/swin_transformer.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models {

constinit const Swin_T_Weights Swin_T_Weights::IMAGENET1K_V1{{
    .name = "Swin_T_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/swin_t-704ceda3.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 224, .resize_size = 232, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 28288354,
    .min_size = {224, 224},
    .metrics = imagenet_1k(81.474, 95.776),
    .gflops = 4.491,
    .file_size_mb = 108.19,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#swintransformer",
    .docs = training_notes::similar_recipe,
}};

constinit const Swin_S_Weights Swin_S_Weights::IMAGENET1K_V1{{
    .name = "Swin_S_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/swin_s-5e29d889.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 224, .resize_size = 246, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 49606258,
    .min_size = {224, 224},
    .metrics = imagenet_1k(83.196, 96.36),
    .gflops = 8.741,
    .file_size_mb = 189.786,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#swintransformer",
    .docs = training_notes::similar_recipe,
}};

constinit const Swin_B_Weights Swin_B_Weights::IMAGENET1K_V1{{
    .name = "Swin_B_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/swin_b-68c6b09e.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 224, .resize_size = 238, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 87768224,
    .min_size = {224, 224},
    .metrics = imagenet_1k(83.582, 96.64),
    .gflops = 15.431,
    .file_size_mb = 335.364,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#swintransformer",
    .docs = training_notes::similar_recipe,
}};

constinit const Swin_V2_T_Weights Swin_V2_T_Weights::IMAGENET1K_V1{{
    .name = "Swin_V2_T_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/swin_v2_t-b137f0e2.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 256, .resize_size = 260, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 28351570,
    .min_size = {256, 256},
    .metrics = imagenet_1k(82.072, 96.132),
    .gflops = 5.94,
    .file_size_mb = 108.626,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#swintransformer-v2",
    .docs = training_notes::similar_recipe,
}};

constinit const Swin_V2_S_Weights Swin_V2_S_Weights::IMAGENET1K_V1{{
    .name = "Swin_V2_S_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/swin_v2_s-637d8ceb.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 256, .resize_size = 260, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 49737442,
    .min_size = {256, 256},
    .metrics = imagenet_1k(83.712, 96.816),
    .gflops = 11.546,
    .file_size_mb = 190.675,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#swintransformer-v2",
    .docs = training_notes::similar_recipe,
}};

constinit const Swin_V2_B_Weights Swin_V2_B_Weights::IMAGENET1K_V1{{
    .name = "Swin_V2_B_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/swin_v2_b-781e5279.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 256, .resize_size = 272, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 87930848,
    .min_size = {256, 256},
    .metrics = imagenet_1k(84.112, 96.864),
    .gflops = 20.325,
    .file_size_mb = 336.372,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#swintransformer-v2",
    .docs = training_notes::similar_recipe,
}};

}  // namespace opsis::inline v1::models
