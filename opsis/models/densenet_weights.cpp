// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/densenet.h"
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models {

constinit const DenseNet121_Weights DenseNet121_Weights::IMAGENET1K_V1{{
    .name = "DenseNet121_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/densenet121-a639ec97.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 7978856,
    .min_size = {29, 29},
    .metrics = imagenet_1k(74.434, 91.972),
    .gflops = 2.834,
    .file_size_mb = 30.845,
    .recipe = "https://github.com/pytorch/vision/pull/116",
    .docs = training_notes::ported_from_lua,
}};

constinit const DenseNet161_Weights DenseNet161_Weights::IMAGENET1K_V1{{
    .name = "DenseNet161_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/densenet161-8d451a50.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 28681000,
    .min_size = {29, 29},
    .metrics = imagenet_1k(77.138, 93.56),
    .gflops = 7.728,
    .file_size_mb = 110.369,
    .recipe = "https://github.com/pytorch/vision/pull/116",
    .docs = training_notes::ported_from_lua,
}};

constinit const DenseNet169_Weights DenseNet169_Weights::IMAGENET1K_V1{{
    .name = "DenseNet169_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/densenet169-b2777c0a.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 14149480,
    .min_size = {29, 29},
    .metrics = imagenet_1k(75.6, 92.806),
    .gflops = 3.36,
    .file_size_mb = 54.708,
    .recipe = "https://github.com/pytorch/vision/pull/116",
    .docs = training_notes::ported_from_lua,
}};

constinit const DenseNet201_Weights DenseNet201_Weights::IMAGENET1K_V1{{
    .name = "DenseNet201_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/densenet201-c1103571.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 20013928,
    .min_size = {29, 29},
    .metrics = imagenet_1k(76.896, 93.37),
    .gflops = 4.291,
    .file_size_mb = 77.373,
    .recipe = "https://github.com/pytorch/vision/pull/116",
    .docs = training_notes::ported_from_lua,
}};

}  // namespace opsis::inline v1::models
