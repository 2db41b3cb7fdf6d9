// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/shufflenet_v2.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models {

constinit const ShuffleNet_V2_X0_5_Weights ShuffleNet_V2_X0_5_Weights::IMAGENET1K_V1{{
    .name = "ShuffleNet_V2_X0_5_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/shufflenetv2_x0.5-f707e7126e.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 1366792,
    .metrics = imagenet_1k(60.552, 81.746),
    .gflops = 0.04,
    .file_size_mb = 5.282,
    .recipe = "https://github.com/ericsun99/Shufflenet-v2-Pytorch",
    .docs = training_notes::from_scratch_as_paper,
}};

constinit const ShuffleNet_V2_X1_0_Weights ShuffleNet_V2_X1_0_Weights::IMAGENET1K_V1{{
    .name = "ShuffleNet_V2_X1_0_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/shufflenetv2_x1-5666bf0f80.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 2278604,
    .metrics = imagenet_1k(69.362, 88.316),
    .gflops = 0.145,
    .file_size_mb = 8.791,
    .recipe = "https://github.com/ericsun99/Shufflenet-v2-Pytorch",
    .docs = training_notes::from_scratch_as_paper,
}};

constinit const ShuffleNet_V2_X1_5_Weights ShuffleNet_V2_X1_5_Weights::IMAGENET1K_V1{{
    .name = "ShuffleNet_V2_X1_5_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/shufflenetv2_x1_5-3c479a10.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 3503624,
    .metrics = imagenet_1k(72.996, 91.086),
    .gflops = 0.296,
    .file_size_mb = 13.557,
    .recipe = "https://github.com/pytorch/vision/pull/5906",
    .docs = training_notes::from_scratch_by_new_recipe,
}};

constinit const ShuffleNet_V2_X2_0_Weights ShuffleNet_V2_X2_0_Weights::IMAGENET1K_V1{{
    .name = "ShuffleNet_V2_X2_0_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/shufflenetv2_x2_0-8be3c8ee.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 7393996,
    .metrics = imagenet_1k(76.23, 93.006),
    .gflops = 0.583,
    .file_size_mb = 28.433,
    .recipe = "https://github.com/pytorch/vision/pull/5906",
    .docs = training_notes::from_scratch_by_new_recipe,
}};

}  // namespace opsis::inline v1::models
