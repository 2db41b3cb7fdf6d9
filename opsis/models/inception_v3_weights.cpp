// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/inception_v3.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models {

constinit const Inception_V3_Weights Inception_V3_Weights::IMAGENET1K_V1{{
    .name = "Inception_V3_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth",
    .preset = ImageClassificationOptions{.crop_size = 299, .resize_size = 342},
    .categories = kImagenetCategories,
    .num_params = 27161264,
    .min_size = {75, 75},
    .metrics = imagenet_1k(77.294, 93.45),
    .gflops = 5.713,
    .file_size_mb = 103.903,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#inception-v3",
    .docs = training_notes::ported,
}};

}  // namespace opsis::inline v1::models
