// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/mobilenet_v2.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models {

constinit const MobileNet_V2_Weights MobileNet_V2_Weights::IMAGENET1K_V1{{
    .name = "MobileNet_V2_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/mobilenet_v2-b0353104.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 3504872,
    .metrics = imagenet_1k(71.878, 90.286),
    .gflops = 0.301,
    .file_size_mb = 13.555,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#mobilenetv2",
    .docs = training_notes::plain_recipe,
}};
constinit const MobileNet_V2_Weights MobileNet_V2_Weights::IMAGENET1K_V2{{
    .name = "MobileNet_V2_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/mobilenet_v2-7ebf99e0.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 3504872,
    .metrics = imagenet_1k(72.154, 90.822),
    .gflops = 0.301,
    .file_size_mb = 13.598,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe-with-reg-tuning",
    .docs = training_notes::adapted_new_recipe,
}};

}  // namespace opsis::inline v1::models
