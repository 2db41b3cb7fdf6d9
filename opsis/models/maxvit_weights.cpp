// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/maxvit.h"

namespace opsis::inline v1::models {

constinit const MaxVit_T_Weights MaxVit_T_Weights::IMAGENET1K_V1{{
    .name = "MaxVit_T_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/maxvit_t-bc5ab103.pth",
    .preset =
        ImageClassificationOptions{
            .crop_size = 224, .resize_size = 224, .interpolation = opsis::transforms::InterpolationMode::BICUBIC},
    .categories = kImagenetCategories,
    .num_params = 30919624,
    .min_size = {224, 224},
    .metrics = imagenet_1k(83.7, 96.722),
    .gflops = 5.558,
    .file_size_mb = 118.769,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#maxvit",
    .docs = "Close to the paper's accuracy, by a recipe like the paper's, but with 0.99 for the momentum of the batch norms, "
            "where 0.01 "
            "was meant.",
}};

}  // namespace opsis::inline v1::models
