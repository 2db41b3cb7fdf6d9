// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/mnasnet.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models {

constinit const MNASNet0_5_Weights MNASNet0_5_Weights::IMAGENET1K_V1{{
    .name = "MNASNet0_5_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/mnasnet0.5_top1_67.823-3ffadce67e.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 2218512,
    .metrics = imagenet_1k(67.734, 87.49),
    .gflops = 0.104,
    .file_size_mb = 8.591,
    .recipe = "https://github.com/1e100/mnasnet_trainer",
    .docs = training_notes::close_to_paper,
}};

constinit const MNASNet0_75_Weights MNASNet0_75_Weights::IMAGENET1K_V1{{
    .name = "MNASNet0_75_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/mnasnet0_75-7090bc5f.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 3170208,
    .metrics = imagenet_1k(71.18, 90.496),
    .gflops = 0.215,
    .file_size_mb = 12.303,
    .recipe = "https://github.com/pytorch/vision/pull/6019",
    .docs = training_notes::from_scratch_by_new_recipe,
}};

constinit const MNASNet1_0_Weights MNASNet1_0_Weights::IMAGENET1K_V1{{
    .name = "MNASNet1_0_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/mnasnet1.0_top1_73.512-f206786ef8.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 4383312,
    .metrics = imagenet_1k(73.456, 91.51),
    .gflops = 0.314,
    .file_size_mb = 16.915,
    .recipe = "https://github.com/1e100/mnasnet_trainer",
    .docs = training_notes::close_to_paper,
}};

constinit const MNASNet1_3_Weights MNASNet1_3_Weights::IMAGENET1K_V1{{
    .name = "MNASNet1_3_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/mnasnet1_3-a4c69d6f.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 6282256,
    .metrics = imagenet_1k(76.506, 93.522),
    .gflops = 0.526,
    .file_size_mb = 24.246,
    .recipe = "https://github.com/pytorch/vision/pull/6019",
    .docs = training_notes::from_scratch_by_new_recipe,
}};

}  // namespace opsis::inline v1::models
