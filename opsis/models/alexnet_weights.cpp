// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/alexnet.h"
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models {

constinit const AlexNet_Weights AlexNet_Weights::IMAGENET1K_V1{{
    .name = "AlexNet_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 61100840,
    .min_size = {63, 63},
    .metrics = imagenet_1k(56.522, 79.066),
    .gflops = 0.714,
    .file_size_mb = 233.087,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg",
    .docs = training_notes::plainer_recipe,
}};

}  // namespace opsis::inline v1::models
