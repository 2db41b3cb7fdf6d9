// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/googlenet.h"
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models {

constinit const GoogLeNet_Weights GoogLeNet_Weights::IMAGENET1K_V1{{
    .name = "GoogLeNet_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/googlenet-1378be20.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 6624904,
    .min_size = {15, 15},
    .metrics = imagenet_1k(69.778, 89.53),
    .gflops = 1.498,
    .file_size_mb = 49.731,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#googlenet",
    .docs = training_notes::ported,
}};

}  // namespace opsis::inline v1::models
