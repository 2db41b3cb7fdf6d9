// The quantized weights of the family, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/quantization/resnet.h"
#include "opsis/models/quantization/weights_notes.h"

namespace opsis::inline v1::models::quantization {

constinit const ResNet18_QuantizedWeights ResNet18_QuantizedWeights::IMAGENET1K_FBGEMM_V1{{
    .name = "ResNet18_QuantizedWeights.IMAGENET1K_FBGEMM_V1",
    .url = "https://download.pytorch.org/models/quantized/resnet18_fbgemm_16fa66dd.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 11689512,
    .metrics = imagenet_1k(69.494, 88.882),
    .gflops = 1.814,
    .file_size_mb = 11.238,
    .recipe = after_training_recipe,
    .docs = after_training,
    .backend = "fbgemm",
    .unquantized = &ResNet18_Weights::IMAGENET1K_V1,
}};

constinit const ResNet50_QuantizedWeights ResNet50_QuantizedWeights::IMAGENET1K_FBGEMM_V1{{
    .name = "ResNet50_QuantizedWeights.IMAGENET1K_FBGEMM_V1",
    .url = "https://download.pytorch.org/models/quantized/resnet50_fbgemm_bf931d71.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 25557032,
    .metrics = imagenet_1k(75.920, 92.814),
    .gflops = 4.089,
    .file_size_mb = 24.759,
    .recipe = after_training_recipe,
    .docs = after_training,
    .backend = "fbgemm",
    .unquantized = &ResNet50_Weights::IMAGENET1K_V1,
}};
constinit const ResNet50_QuantizedWeights ResNet50_QuantizedWeights::IMAGENET1K_FBGEMM_V2{{
    .name = "ResNet50_QuantizedWeights.IMAGENET1K_FBGEMM_V2",
    .url = "https://download.pytorch.org/models/quantized/resnet50_fbgemm-23753f79.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 25557032,
    .metrics = imagenet_1k(80.282, 94.976),
    .gflops = 4.089,
    .file_size_mb = 24.953,
    .recipe = after_training_recipe,
    .docs = after_training,
    .backend = "fbgemm",
    .unquantized = &ResNet50_Weights::IMAGENET1K_V2,
}};

constinit const ResNeXt101_32X8D_QuantizedWeights ResNeXt101_32X8D_QuantizedWeights::IMAGENET1K_FBGEMM_V1{{
    .name = "ResNeXt101_32X8D_QuantizedWeights.IMAGENET1K_FBGEMM_V1",
    .url = "https://download.pytorch.org/models/quantized/resnext101_32x8_fbgemm_09835ccf.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 88791336,
    .metrics = imagenet_1k(78.986, 94.480),
    .gflops = 16.414,
    .file_size_mb = 86.034,
    .recipe = after_training_recipe,
    .docs = after_training,
    .backend = "fbgemm",
    .unquantized = &ResNeXt101_32X8D_Weights::IMAGENET1K_V1,
}};
constinit const ResNeXt101_32X8D_QuantizedWeights ResNeXt101_32X8D_QuantizedWeights::IMAGENET1K_FBGEMM_V2{{
    .name = "ResNeXt101_32X8D_QuantizedWeights.IMAGENET1K_FBGEMM_V2",
    .url = "https://download.pytorch.org/models/quantized/resnext101_32x8_fbgemm-ee16d00c.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 88791336,
    .metrics = imagenet_1k(82.574, 96.132),
    .gflops = 16.414,
    .file_size_mb = 86.645,
    .recipe = after_training_recipe,
    .docs = after_training,
    .backend = "fbgemm",
    .unquantized = &ResNeXt101_32X8D_Weights::IMAGENET1K_V2,
}};

constinit const ResNeXt101_64X4D_QuantizedWeights ResNeXt101_64X4D_QuantizedWeights::IMAGENET1K_FBGEMM_V1{{
    .name = "ResNeXt101_64X4D_QuantizedWeights.IMAGENET1K_FBGEMM_V1",
    .url = "https://download.pytorch.org/models/quantized/resnext101_64x4d_fbgemm-605a1cb3.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 83455272,
    .metrics = imagenet_1k(82.898, 96.326),
    .gflops = 15.46,
    .file_size_mb = 81.556,
    .recipe = "https://github.com/pytorch/vision/pull/5935",
    .docs = after_training,
    .backend = "fbgemm",
    .unquantized = &ResNeXt101_64X4D_Weights::IMAGENET1K_V1,
}};

}  // namespace opsis::inline v1::models::quantization
