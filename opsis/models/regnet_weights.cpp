// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/regnet.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models {

constinit const RegNet_Y_400MF_Weights RegNet_Y_400MF_Weights::IMAGENET1K_V1{{
    .name = "RegNet_Y_400MF_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/regnet_y_400mf-c65dace8.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 4344144,
    .metrics = imagenet_1k(74.046, 91.716),
    .gflops = 0.402,
    .file_size_mb = 16.806,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#small-models",
    .docs = training_notes::plain_recipe,
}};
constinit const RegNet_Y_400MF_Weights RegNet_Y_400MF_Weights::IMAGENET1K_V2{{
    .name = "RegNet_Y_400MF_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/regnet_y_400mf-e6988f5f.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 4344144,
    .metrics = imagenet_1k(75.804, 92.742),
    .gflops = 0.402,
    .file_size_mb = 16.806,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const RegNet_Y_800MF_Weights RegNet_Y_800MF_Weights::IMAGENET1K_V1{{
    .name = "RegNet_Y_800MF_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/regnet_y_800mf-1b27b58c.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 6432512,
    .metrics = imagenet_1k(76.42, 93.136),
    .gflops = 0.834,
    .file_size_mb = 24.774,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#small-models",
    .docs = training_notes::plain_recipe,
}};
constinit const RegNet_Y_800MF_Weights RegNet_Y_800MF_Weights::IMAGENET1K_V2{{
    .name = "RegNet_Y_800MF_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/regnet_y_800mf-58fc7688.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 6432512,
    .metrics = imagenet_1k(78.828, 94.502),
    .gflops = 0.834,
    .file_size_mb = 24.774,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const RegNet_Y_1_6GF_Weights RegNet_Y_1_6GF_Weights::IMAGENET1K_V1{{
    .name = "RegNet_Y_1_6GF_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/regnet_y_1_6gf-b11a554e.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 11202430,
    .metrics = imagenet_1k(77.95, 93.966),
    .gflops = 1.612,
    .file_size_mb = 43.152,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#small-models",
    .docs = training_notes::plain_recipe,
}};
constinit const RegNet_Y_1_6GF_Weights RegNet_Y_1_6GF_Weights::IMAGENET1K_V2{{
    .name = "RegNet_Y_1_6GF_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/regnet_y_1_6gf-0d7bc02a.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 11202430,
    .metrics = imagenet_1k(80.876, 95.444),
    .gflops = 1.612,
    .file_size_mb = 43.152,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const RegNet_Y_3_2GF_Weights RegNet_Y_3_2GF_Weights::IMAGENET1K_V1{{
    .name = "RegNet_Y_3_2GF_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/regnet_y_3_2gf-b5a9779c.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 19436338,
    .metrics = imagenet_1k(78.948, 94.576),
    .gflops = 3.176,
    .file_size_mb = 74.567,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#medium-models",
    .docs = training_notes::plain_recipe,
}};
constinit const RegNet_Y_3_2GF_Weights RegNet_Y_3_2GF_Weights::IMAGENET1K_V2{{
    .name = "RegNet_Y_3_2GF_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/regnet_y_3_2gf-9180c971.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 19436338,
    .metrics = imagenet_1k(81.982, 95.972),
    .gflops = 3.176,
    .file_size_mb = 74.567,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const RegNet_Y_8GF_Weights RegNet_Y_8GF_Weights::IMAGENET1K_V1{{
    .name = "RegNet_Y_8GF_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/regnet_y_8gf-d0d0e4a8.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 39381472,
    .metrics = imagenet_1k(80.032, 95.048),
    .gflops = 8.473,
    .file_size_mb = 150.701,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#medium-models",
    .docs = training_notes::plain_recipe,
}};
constinit const RegNet_Y_8GF_Weights RegNet_Y_8GF_Weights::IMAGENET1K_V2{{
    .name = "RegNet_Y_8GF_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/regnet_y_8gf-dc2b1b54.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 39381472,
    .metrics = imagenet_1k(82.828, 96.33),
    .gflops = 8.473,
    .file_size_mb = 150.701,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const RegNet_Y_16GF_Weights RegNet_Y_16GF_Weights::IMAGENET1K_V1{{
    .name = "RegNet_Y_16GF_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/regnet_y_16gf-9e6ed7dd.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 83590140,
    .metrics = imagenet_1k(80.424, 95.24),
    .gflops = 15.912,
    .file_size_mb = 319.49,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#large-models",
    .docs = training_notes::plain_recipe,
}};
constinit const RegNet_Y_16GF_Weights RegNet_Y_16GF_Weights::IMAGENET1K_V2{{
    .name = "RegNet_Y_16GF_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/regnet_y_16gf-3e4a00f9.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 83590140,
    .metrics = imagenet_1k(82.886, 96.328),
    .gflops = 15.912,
    .file_size_mb = 319.49,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::adapted_new_recipe,
}};
constinit const RegNet_Y_16GF_Weights RegNet_Y_16GF_Weights::IMAGENET1K_SWAG_E2E_V1{{
    .name = "RegNet_Y_16GF_Weights.IMAGENET1K_SWAG_E2E_V1",
    .url = "https://download.pytorch.org/models/regnet_y_16gf_swag-43afe44d.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 384, .resize_size = 384, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 83590140,
    .metrics = imagenet_1k(86.012, 98.054),
    .gflops = 46.735,
    .file_size_mb = 319.49,
    .recipe = "https://github.com/facebookresearch/SWAG",
    .docs = training_notes::swag_end_to_end,
    .license = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE",
}};
constinit const RegNet_Y_16GF_Weights RegNet_Y_16GF_Weights::IMAGENET1K_SWAG_LINEAR_V1{{
    .name = "RegNet_Y_16GF_Weights.IMAGENET1K_SWAG_LINEAR_V1",
    .url = "https://download.pytorch.org/models/regnet_y_16gf_lc_swag-f3ec0043.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 224, .resize_size = 224, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 83590140,
    .metrics = imagenet_1k(83.976, 97.244),
    .gflops = 15.912,
    .file_size_mb = 319.49,
    .recipe = "https://github.com/pytorch/vision/pull/5793",
    .docs = training_notes::swag_linear,
    .license = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE",
}};

constinit const RegNet_Y_32GF_Weights RegNet_Y_32GF_Weights::IMAGENET1K_V1{{
    .name = "RegNet_Y_32GF_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/regnet_y_32gf-4dee3f7a.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 145046770,
    .metrics = imagenet_1k(80.878, 95.34),
    .gflops = 32.28,
    .file_size_mb = 554.076,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#large-models",
    .docs = training_notes::plain_recipe,
}};
constinit const RegNet_Y_32GF_Weights RegNet_Y_32GF_Weights::IMAGENET1K_V2{{
    .name = "RegNet_Y_32GF_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/regnet_y_32gf-8db6d4b5.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 145046770,
    .metrics = imagenet_1k(83.368, 96.498),
    .gflops = 32.28,
    .file_size_mb = 554.076,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::adapted_new_recipe,
}};
constinit const RegNet_Y_32GF_Weights RegNet_Y_32GF_Weights::IMAGENET1K_SWAG_E2E_V1{{
    .name = "RegNet_Y_32GF_Weights.IMAGENET1K_SWAG_E2E_V1",
    .url = "https://download.pytorch.org/models/regnet_y_32gf_swag-04fdfa75.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 384, .resize_size = 384, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 145046770,
    .metrics = imagenet_1k(86.838, 98.362),
    .gflops = 94.826,
    .file_size_mb = 554.076,
    .recipe = "https://github.com/facebookresearch/SWAG",
    .docs = training_notes::swag_end_to_end,
    .license = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE",
}};
constinit const RegNet_Y_32GF_Weights RegNet_Y_32GF_Weights::IMAGENET1K_SWAG_LINEAR_V1{{
    .name = "RegNet_Y_32GF_Weights.IMAGENET1K_SWAG_LINEAR_V1",
    .url = "https://download.pytorch.org/models/regnet_y_32gf_lc_swag-e1583746.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 224, .resize_size = 224, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 145046770,
    .metrics = imagenet_1k(84.622, 97.48),
    .gflops = 32.28,
    .file_size_mb = 554.076,
    .recipe = "https://github.com/pytorch/vision/pull/5793",
    .docs = training_notes::swag_linear,
    .license = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE",
}};

constinit const RegNet_Y_128GF_Weights RegNet_Y_128GF_Weights::IMAGENET1K_SWAG_E2E_V1{{
    .name = "RegNet_Y_128GF_Weights.IMAGENET1K_SWAG_E2E_V1",
    .url = "https://download.pytorch.org/models/regnet_y_128gf_swag-c8ce3e52.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 384, .resize_size = 384, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 644812894,
    .metrics = imagenet_1k(88.228, 98.682),
    .gflops = 374.57,
    .file_size_mb = 2461.564,
    .recipe = "https://github.com/facebookresearch/SWAG",
    .docs = training_notes::swag_end_to_end,
    .license = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE",
}};
constinit const RegNet_Y_128GF_Weights RegNet_Y_128GF_Weights::IMAGENET1K_SWAG_LINEAR_V1{{
    .name = "RegNet_Y_128GF_Weights.IMAGENET1K_SWAG_LINEAR_V1",
    .url = "https://download.pytorch.org/models/regnet_y_128gf_lc_swag-cbe8ce12.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 224, .resize_size = 224, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 644812894,
    .metrics = imagenet_1k(86.068, 97.844),
    .gflops = 127.518,
    .file_size_mb = 2461.564,
    .recipe = "https://github.com/pytorch/vision/pull/5793",
    .docs = training_notes::swag_linear,
    .license = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE",
}};

constinit const RegNet_X_400MF_Weights RegNet_X_400MF_Weights::IMAGENET1K_V1{{
    .name = "RegNet_X_400MF_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/regnet_x_400mf-adf1edd5.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 5495976,
    .metrics = imagenet_1k(72.834, 90.95),
    .gflops = 0.414,
    .file_size_mb = 21.258,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#small-models",
    .docs = training_notes::plain_recipe,
}};
constinit const RegNet_X_400MF_Weights RegNet_X_400MF_Weights::IMAGENET1K_V2{{
    .name = "RegNet_X_400MF_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/regnet_x_400mf-62229a5f.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 5495976,
    .metrics = imagenet_1k(74.864, 92.322),
    .gflops = 0.414,
    .file_size_mb = 21.257,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe-with-fixres",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const RegNet_X_800MF_Weights RegNet_X_800MF_Weights::IMAGENET1K_V1{{
    .name = "RegNet_X_800MF_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/regnet_x_800mf-ad17e45c.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 7259656,
    .metrics = imagenet_1k(75.212, 92.348),
    .gflops = 0.8,
    .file_size_mb = 27.945,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#small-models",
    .docs = training_notes::plain_recipe,
}};
constinit const RegNet_X_800MF_Weights RegNet_X_800MF_Weights::IMAGENET1K_V2{{
    .name = "RegNet_X_800MF_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/regnet_x_800mf-94a99ebd.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 7259656,
    .metrics = imagenet_1k(77.522, 93.826),
    .gflops = 0.8,
    .file_size_mb = 27.945,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe-with-fixres",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const RegNet_X_1_6GF_Weights RegNet_X_1_6GF_Weights::IMAGENET1K_V1{{
    .name = "RegNet_X_1_6GF_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/regnet_x_1_6gf-e3633e7f.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 9190136,
    .metrics = imagenet_1k(77.04, 93.44),
    .gflops = 1.603,
    .file_size_mb = 35.339,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#small-models",
    .docs = training_notes::plain_recipe,
}};
constinit const RegNet_X_1_6GF_Weights RegNet_X_1_6GF_Weights::IMAGENET1K_V2{{
    .name = "RegNet_X_1_6GF_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/regnet_x_1_6gf-a12f2b72.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 9190136,
    .metrics = imagenet_1k(79.668, 94.922),
    .gflops = 1.603,
    .file_size_mb = 35.339,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe-with-fixres",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const RegNet_X_3_2GF_Weights RegNet_X_3_2GF_Weights::IMAGENET1K_V1{{
    .name = "RegNet_X_3_2GF_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/regnet_x_3_2gf-f342aeae.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 15296552,
    .metrics = imagenet_1k(78.364, 93.992),
    .gflops = 3.177,
    .file_size_mb = 58.756,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#medium-models",
    .docs = training_notes::plain_recipe,
}};
constinit const RegNet_X_3_2GF_Weights RegNet_X_3_2GF_Weights::IMAGENET1K_V2{{
    .name = "RegNet_X_3_2GF_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/regnet_x_3_2gf-7071aa85.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 15296552,
    .metrics = imagenet_1k(81.196, 95.43),
    .gflops = 3.177,
    .file_size_mb = 58.756,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const RegNet_X_8GF_Weights RegNet_X_8GF_Weights::IMAGENET1K_V1{{
    .name = "RegNet_X_8GF_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/regnet_x_8gf-03ceed89.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 39572648,
    .metrics = imagenet_1k(79.344, 94.686),
    .gflops = 7.995,
    .file_size_mb = 151.456,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#medium-models",
    .docs = training_notes::plain_recipe,
}};
constinit const RegNet_X_8GF_Weights RegNet_X_8GF_Weights::IMAGENET1K_V2{{
    .name = "RegNet_X_8GF_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/regnet_x_8gf-2b70d774.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 39572648,
    .metrics = imagenet_1k(81.682, 95.678),
    .gflops = 7.995,
    .file_size_mb = 151.456,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const RegNet_X_16GF_Weights RegNet_X_16GF_Weights::IMAGENET1K_V1{{
    .name = "RegNet_X_16GF_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/regnet_x_16gf-2007eb11.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 54278536,
    .metrics = imagenet_1k(80.058, 94.944),
    .gflops = 15.941,
    .file_size_mb = 207.627,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#medium-models",
    .docs = training_notes::plain_recipe,
}};
constinit const RegNet_X_16GF_Weights RegNet_X_16GF_Weights::IMAGENET1K_V2{{
    .name = "RegNet_X_16GF_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/regnet_x_16gf-ba3796d7.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 54278536,
    .metrics = imagenet_1k(82.716, 96.196),
    .gflops = 15.941,
    .file_size_mb = 207.627,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::adapted_new_recipe,
}};

constinit const RegNet_X_32GF_Weights RegNet_X_32GF_Weights::IMAGENET1K_V1{{
    .name = "RegNet_X_32GF_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/regnet_x_32gf-9d47f8d0.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 107811560,
    .metrics = imagenet_1k(80.622, 95.248),
    .gflops = 31.736,
    .file_size_mb = 412.039,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#large-models",
    .docs = training_notes::plain_recipe,
}};
constinit const RegNet_X_32GF_Weights RegNet_X_32GF_Weights::IMAGENET1K_V2{{
    .name = "RegNet_X_32GF_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/regnet_x_32gf-6eb8fdc6.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 107811560,
    .metrics = imagenet_1k(83.014, 96.288),
    .gflops = 31.736,
    .file_size_mb = 412.039,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::adapted_new_recipe,
}};

}  // namespace opsis::inline v1::models
