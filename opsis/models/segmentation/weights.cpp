// The pretrained weights of these models, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/segmentation/deeplabv3.h"
#include "opsis/models/segmentation/fcn.h"
#include "opsis/models/segmentation/lraspp.h"
#include "opsis/models/voc_categories.h"

namespace opsis::inline v1::models::segmentation {
namespace notes {

constexpr std::string_view coco = "Trained on the images of COCO that show one of Pascal VOC's 20 classes.";

}  // namespace notes

constinit const DeepLabV3_MobileNet_V3_Large_Weights DeepLabV3_MobileNet_V3_Large_Weights::COCO_WITH_VOC_LABELS_V1{{
    .name = "DeepLabV3_MobileNet_V3_Large_Weights.COCO_WITH_VOC_LABELS_V1",
    .url = "https://download.pytorch.org/models/deeplabv3_mobilenet_v3_large-fc3c493d.pth",
    .preset = SemanticSegmentationOptions{.resize_size = 520},
    .categories = kVocCategories,
    .num_params = 11029328,
    .metrics = {{"COCO-val2017-VOC-labels", "miou", 60.3}, {"COCO-val2017-VOC-labels", "pixel_acc", 91.2}},
    .gflops = 10.452,
    .file_size_mb = 42.301,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/segmentation#deeplabv3_mobilenet_v3_large",
    .docs = notes::coco,
}};

constinit const DeepLabV3_ResNet101_Weights DeepLabV3_ResNet101_Weights::COCO_WITH_VOC_LABELS_V1{{
    .name = "DeepLabV3_ResNet101_Weights.COCO_WITH_VOC_LABELS_V1",
    .url = "https://download.pytorch.org/models/deeplabv3_resnet101_coco-586e9e4e.pth",
    .preset = SemanticSegmentationOptions{.resize_size = 520},
    .categories = kVocCategories,
    .num_params = 60996202,
    .metrics = {{"COCO-val2017-VOC-labels", "miou", 67.4}, {"COCO-val2017-VOC-labels", "pixel_acc", 92.4}},
    .gflops = 258.743,
    .file_size_mb = 233.217,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/segmentation#fcn_resnet101",
    .docs = notes::coco,
}};

constinit const DeepLabV3_ResNet50_Weights DeepLabV3_ResNet50_Weights::COCO_WITH_VOC_LABELS_V1{{
    .name = "DeepLabV3_ResNet50_Weights.COCO_WITH_VOC_LABELS_V1",
    .url = "https://download.pytorch.org/models/deeplabv3_resnet50_coco-cd0a2569.pth",
    .preset = SemanticSegmentationOptions{.resize_size = 520},
    .categories = kVocCategories,
    .num_params = 42004074,
    .metrics = {{"COCO-val2017-VOC-labels", "miou", 66.4}, {"COCO-val2017-VOC-labels", "pixel_acc", 92.4}},
    .gflops = 178.722,
    .file_size_mb = 160.515,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/segmentation#deeplabv3_resnet50",
    .docs = notes::coco,
}};

constinit const FCN_ResNet101_Weights FCN_ResNet101_Weights::COCO_WITH_VOC_LABELS_V1{{
    .name = "FCN_ResNet101_Weights.COCO_WITH_VOC_LABELS_V1",
    .url = "https://download.pytorch.org/models/fcn_resnet101_coco-7ecb50ca.pth",
    .preset = SemanticSegmentationOptions{.resize_size = 520},
    .categories = kVocCategories,
    .num_params = 54314346,
    .metrics = {{"COCO-val2017-VOC-labels", "miou", 63.7}, {"COCO-val2017-VOC-labels", "pixel_acc", 91.9}},
    .gflops = 232.738,
    .file_size_mb = 207.711,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/segmentation#deeplabv3_resnet101",
    .docs = notes::coco,
}};

constinit const FCN_ResNet50_Weights FCN_ResNet50_Weights::COCO_WITH_VOC_LABELS_V1{{
    .name = "FCN_ResNet50_Weights.COCO_WITH_VOC_LABELS_V1",
    .url = "https://download.pytorch.org/models/fcn_resnet50_coco-1167a1af.pth",
    .preset = SemanticSegmentationOptions{.resize_size = 520},
    .categories = kVocCategories,
    .num_params = 35322218,
    .metrics = {{"COCO-val2017-VOC-labels", "miou", 60.5}, {"COCO-val2017-VOC-labels", "pixel_acc", 91.4}},
    .gflops = 152.717,
    .file_size_mb = 135.009,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/segmentation#fcn_resnet50",
    .docs = notes::coco,
}};

constinit const LRASPP_MobileNet_V3_Large_Weights LRASPP_MobileNet_V3_Large_Weights::COCO_WITH_VOC_LABELS_V1{{
    .name = "LRASPP_MobileNet_V3_Large_Weights.COCO_WITH_VOC_LABELS_V1",
    .url = "https://download.pytorch.org/models/lraspp_mobilenet_v3_large-d234d4ea.pth",
    .preset = SemanticSegmentationOptions{.resize_size = 520},
    .categories = kVocCategories,
    .num_params = 3221538,
    .metrics = {{"COCO-val2017-VOC-labels", "miou", 57.9}, {"COCO-val2017-VOC-labels", "pixel_acc", 91.2}},
    .gflops = 2.086,
    .file_size_mb = 12.49,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/segmentation#lraspp_mobilenet_v3_large",
    .docs = notes::coco,
}};

}  // namespace opsis::inline v1::models::segmentation
