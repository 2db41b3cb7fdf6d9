// The pretrained weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/resnet.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models {

constinit const ResNet18_Weights ResNet18_Weights::IMAGENET1K_V1{{
    .name = "ResNet18_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/resnet18-f37072fd.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 11689512,
    .metrics = imagenet_1k(69.758, 89.078),
    .gflops = 1.814,
    .file_size_mb = 44.661,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#resnet",
    .docs = training_notes::plain_recipe,
}};

constinit const ResNet34_Weights ResNet34_Weights::IMAGENET1K_V1{{
    .name = "ResNet34_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/resnet34-b627a593.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 21797672,
    .metrics = imagenet_1k(73.314, 91.42),
    .gflops = 3.664,
    .file_size_mb = 83.275,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#resnet",
    .docs = training_notes::plain_recipe,
}};

constinit const ResNet50_Weights ResNet50_Weights::IMAGENET1K_V1{{
    .name = "ResNet50_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/resnet50-0676ba61.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 25557032,
    .metrics = imagenet_1k(76.13, 92.862),
    .gflops = 4.089,
    .file_size_mb = 97.781,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#resnet",
    .docs = training_notes::plain_recipe,
}};
constinit const ResNet50_Weights ResNet50_Weights::IMAGENET1K_V2{{
    .name = "ResNet50_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/resnet50-11ad3fa6.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 25557032,
    .metrics = imagenet_1k(80.858, 95.434),
    .gflops = 4.089,
    .file_size_mb = 97.79,
    .recipe = "https://github.com/pytorch/vision/issues/3995#issuecomment-1013906621",
    .docs = training_notes::new_recipe,
}};

constinit const ResNet101_Weights ResNet101_Weights::IMAGENET1K_V1{{
    .name = "ResNet101_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/resnet101-63fe2227.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 44549160,
    .metrics = imagenet_1k(77.374, 93.546),
    .gflops = 7.801,
    .file_size_mb = 170.511,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#resnet",
    .docs = training_notes::plain_recipe,
}};
constinit const ResNet101_Weights ResNet101_Weights::IMAGENET1K_V2{{
    .name = "ResNet101_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/resnet101-cd907fc2.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 44549160,
    .metrics = imagenet_1k(81.886, 95.78),
    .gflops = 7.801,
    .file_size_mb = 170.53,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::new_recipe,
}};

constinit const ResNet152_Weights ResNet152_Weights::IMAGENET1K_V1{{
    .name = "ResNet152_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/resnet152-394f9c45.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 60192808,
    .metrics = imagenet_1k(78.312, 94.046),
    .gflops = 11.514,
    .file_size_mb = 230.434,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#resnet",
    .docs = training_notes::plain_recipe,
}};
constinit const ResNet152_Weights ResNet152_Weights::IMAGENET1K_V2{{
    .name = "ResNet152_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/resnet152-f82ba261.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 60192808,
    .metrics = imagenet_1k(82.284, 96.002),
    .gflops = 11.514,
    .file_size_mb = 230.474,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::new_recipe,
}};

constinit const ResNeXt50_32X4D_Weights ResNeXt50_32X4D_Weights::IMAGENET1K_V1{{
    .name = "ResNeXt50_32X4D_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/resnext50_32x4d-7cdf4587.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 25028904,
    .metrics = imagenet_1k(77.618, 93.698),
    .gflops = 4.23,
    .file_size_mb = 95.789,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#resnext",
    .docs = training_notes::plain_recipe,
}};
constinit const ResNeXt50_32X4D_Weights ResNeXt50_32X4D_Weights::IMAGENET1K_V2{{
    .name = "ResNeXt50_32X4D_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/resnext50_32x4d-1a0047aa.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 25028904,
    .metrics = imagenet_1k(81.198, 95.34),
    .gflops = 4.23,
    .file_size_mb = 95.833,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::new_recipe,
}};

constinit const ResNeXt101_32X8D_Weights ResNeXt101_32X8D_Weights::IMAGENET1K_V1{{
    .name = "ResNeXt101_32X8D_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/resnext101_32x8d-8ba56ff5.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 88791336,
    .metrics = imagenet_1k(79.312, 94.526),
    .gflops = 16.414,
    .file_size_mb = 339.586,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#resnext",
    .docs = training_notes::plain_recipe,
}};
constinit const ResNeXt101_32X8D_Weights ResNeXt101_32X8D_Weights::IMAGENET1K_V2{{
    .name = "ResNeXt101_32X8D_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/resnext101_32x8d-110c445d.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 88791336,
    .metrics = imagenet_1k(82.834, 96.228),
    .gflops = 16.414,
    .file_size_mb = 339.673,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe-with-fixres",
    .docs = training_notes::new_recipe,
}};

constinit const ResNeXt101_64X4D_Weights ResNeXt101_64X4D_Weights::IMAGENET1K_V1{{
    .name = "ResNeXt101_64X4D_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/resnext101_64x4d-173b62eb.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 83455272,
    .metrics = imagenet_1k(83.246, 96.454),
    .gflops = 15.46,
    .file_size_mb = 319.318,
    .recipe = "https://github.com/pytorch/vision/pull/5935",
    .docs = training_notes::from_scratch_by_new_recipe,
}};

constinit const Wide_ResNet50_2_Weights Wide_ResNet50_2_Weights::IMAGENET1K_V1{{
    .name = "Wide_ResNet50_2_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/wide_resnet50_2-95faca4d.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 68883240,
    .metrics = imagenet_1k(78.468, 94.086),
    .gflops = 11.398,
    .file_size_mb = 131.82,
    .recipe = "https://github.com/pytorch/vision/pull/912#issue-445437439",
    .docs = training_notes::plain_recipe,
}};
constinit const Wide_ResNet50_2_Weights Wide_ResNet50_2_Weights::IMAGENET1K_V2{{
    .name = "Wide_ResNet50_2_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/wide_resnet50_2-9ba9bcbe.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 68883240,
    .metrics = imagenet_1k(81.602, 95.758),
    .gflops = 11.398,
    .file_size_mb = 263.124,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe-with-fixres",
    .docs = training_notes::new_recipe,
}};

constinit const Wide_ResNet101_2_Weights Wide_ResNet101_2_Weights::IMAGENET1K_V1{{
    .name = "Wide_ResNet101_2_Weights.IMAGENET1K_V1",
    .url = "https://download.pytorch.org/models/wide_resnet101_2-32ee1156.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 126886696,
    .metrics = imagenet_1k(78.848, 94.284),
    .gflops = 22.753,
    .file_size_mb = 242.896,
    .recipe = "https://github.com/pytorch/vision/pull/912#issue-445437439",
    .docs = training_notes::plain_recipe,
}};
constinit const Wide_ResNet101_2_Weights Wide_ResNet101_2_Weights::IMAGENET1K_V2{{
    .name = "Wide_ResNet101_2_Weights.IMAGENET1K_V2",
    .url = "https://download.pytorch.org/models/wide_resnet101_2-d733dc28.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 126886696,
    .metrics = imagenet_1k(82.51, 96.02),
    .gflops = 22.753,
    .file_size_mb = 484.747,
    .recipe = "https://github.com/pytorch/vision/issues/3995#new-recipe",
    .docs = training_notes::new_recipe,
}};

}  // namespace opsis::inline v1::models
