// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include <limits>

#include "opsis/models/imagenet_categories.h"
#include "opsis/models/training_notes.h"
#include "opsis/models/vgg.h"

namespace opsis::inline v1::models {

constinit const VGG11_Weights VGG11_Weights::IMAGENET1K_V1{{
    .name = "VGG11_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/vgg11-8a719046.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 132863336,
    .min_size = {32, 32},
    .metrics = imagenet_1k(69.02, 88.628),
    .gflops = 7.609,
    .file_size_mb = 506.84,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg",
    .docs = training_notes::from_scratch_by_plainer_recipe,
}};

constinit const VGG11_BN_Weights VGG11_BN_Weights::IMAGENET1K_V1{{
    .name = "VGG11_BN_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/vgg11_bn-6002323d.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 132868840,
    .min_size = {32, 32},
    .metrics = imagenet_1k(70.37, 89.81),
    .gflops = 7.609,
    .file_size_mb = 506.881,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg",
    .docs = training_notes::from_scratch_by_plainer_recipe,
}};

constinit const VGG13_Weights VGG13_Weights::IMAGENET1K_V1{{
    .name = "VGG13_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/vgg13-19584684.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 133047848,
    .min_size = {32, 32},
    .metrics = imagenet_1k(69.928, 89.246),
    .gflops = 11.308,
    .file_size_mb = 507.545,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg",
    .docs = training_notes::from_scratch_by_plainer_recipe,
}};

constinit const VGG13_BN_Weights VGG13_BN_Weights::IMAGENET1K_V1{{
    .name = "VGG13_BN_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/vgg13_bn-abd245e5.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 133053736,
    .min_size = {32, 32},
    .metrics = imagenet_1k(71.586, 90.374),
    .gflops = 11.308,
    .file_size_mb = 507.59,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg",
    .docs = training_notes::from_scratch_by_plainer_recipe,
}};

constinit const VGG16_Weights VGG16_Weights::IMAGENET1K_V1{{
    .name = "VGG16_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/vgg16-397923af.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 138357544,
    .min_size = {32, 32},
    .metrics = imagenet_1k(71.592, 90.382),
    .gflops = 15.47,
    .file_size_mb = 527.796,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg",
    .docs = training_notes::from_scratch_by_plainer_recipe,
}};
constinit const VGG16_Weights VGG16_Weights::IMAGENET1K_FEATURES{{
    .name = "VGG16_Weights.IMAGENET1K_FEATURES",
    .url = "https://download.pytorch.org/models/vgg16_features-amdegroot-88682ab5.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 224, .mean = {0.48235, 0.45882, 0.40784}, .std = {1.0 / 255.0, 1.0 / 255.0, 1.0 / 255.0}},
    .categories = {},
    .num_params = 138357544,
    .min_size = {32, 32},
    .metrics = imagenet_1k(std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()),
    .gflops = 15.47,
    .file_size_mb = 527.802,
    .recipe = "https://github.com/amdegroot/ssd.pytorch#training-ssd",
    .docs = "Convolutions only, for features: the classifier is missing. Images are normalised as in the paper.",
}};

constinit const VGG16_BN_Weights VGG16_BN_Weights::IMAGENET1K_V1{{
    .name = "VGG16_BN_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/vgg16_bn-6c64b313.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 138365992,
    .min_size = {32, 32},
    .metrics = imagenet_1k(73.36, 91.516),
    .gflops = 15.47,
    .file_size_mb = 527.866,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg",
    .docs = training_notes::from_scratch_by_plainer_recipe,
}};

constinit const VGG19_Weights VGG19_Weights::IMAGENET1K_V1{{
    .name = "VGG19_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 143667240,
    .min_size = {32, 32},
    .metrics = imagenet_1k(72.376, 90.876),
    .gflops = 19.632,
    .file_size_mb = 548.051,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg",
    .docs = training_notes::from_scratch_by_plainer_recipe,
}};

constinit const VGG19_BN_Weights VGG19_BN_Weights::IMAGENET1K_V1{{
    .name = "VGG19_BN_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/vgg19_bn-c79401a0.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 143678248,
    .min_size = {32, 32},
    .metrics = imagenet_1k(74.218, 91.842),
    .gflops = 19.632,
    .file_size_mb = 548.143,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg",
    .docs = training_notes::from_scratch_by_plainer_recipe,
}};

}  // namespace opsis::inline v1::models
