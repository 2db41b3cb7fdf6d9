// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/mobilenet_v3.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models {

constinit const MobileNet_V3_Large_Weights MobileNet_V3_Large_Weights::IMAGENET1K_V1{{
    .name = "MobileNet_V3_Large_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/mobilenet_v3_large-8738ca79.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 5483032,
    .metrics = imagenet_1k(74.042, 91.34),
    .gflops = 0.217,
    .file_size_mb = 21.114,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#mobilenetv3-large--small",
    .docs = training_notes::from_scratch,
}};
constinit const MobileNet_V3_Large_Weights MobileNet_V3_Large_Weights::IMAGENET1K_V2{{
    .name = "MobileNet_V3_Large_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/mobilenet_v3_large-5c1a4163.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 5483032,
    .metrics = imagenet_1k(75.274, 92.566),
    .gflops = 0.217,
    .file_size_mb = 21.107,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe-with-reg-tuning",
    .docs = training_notes::slightly_better_by_new_recipe,
}};

constinit const MobileNet_V3_Small_Weights MobileNet_V3_Small_Weights::IMAGENET1K_V1{{
    .name = "MobileNet_V3_Small_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/mobilenet_v3_small-047dcff4.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 2542856,
    .metrics = imagenet_1k(67.668, 87.402),
    .gflops = 0.057,
    .file_size_mb = 9.829,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#mobilenetv3-large--small",
    .docs = training_notes::better_by_plain_recipe,
}};

}  // namespace opsis::inline v1::models
