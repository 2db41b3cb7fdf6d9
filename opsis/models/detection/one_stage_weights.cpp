// The pretrained weights of detectors in one stage, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/coco_categories.h"
#include "opsis/models/detection/fcos.h"
#include "opsis/models/detection/retinanet.h"
#include "opsis/models/detection/ssdlite.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models::detection {

constinit const FCOS_ResNet50_FPN_Weights FCOS_ResNet50_FPN_Weights::COCO_V1{{
    .name = "FCOS_ResNet50_FPN_Weights.COCO_V1",
    .url = "https://download.pytorch.org/models/fcos_resnet50_fpn_coco-99b0c9b7.pth",
    .preset = ObjectDetectionOptions{},
    .categories = kCocoCategories,
    .num_params = 32269600,
    .metrics = {{"COCO-val2017", "box_map", 39.2}},
    .gflops = 128.207,
    .file_size_mb = 123.608,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/detection#fcos-resnet-50-fpn",
    .docs = training_notes::as_in_paper,
}};

constinit const RetinaNet_ResNet50_FPN_Weights RetinaNet_ResNet50_FPN_Weights::COCO_V1{{
    .name = "RetinaNet_ResNet50_FPN_Weights.COCO_V1",
    .url = "https://download.pytorch.org/models/retinanet_resnet50_fpn_coco-eeacb38b.pth",
    .preset = ObjectDetectionOptions{},
    .categories = kCocoCategories,
    .num_params = 34014999,
    .metrics = {{"COCO-val2017", "box_map", 36.4}},
    .gflops = 151.54,
    .file_size_mb = 130.267,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/detection#retinanet",
    .docs = training_notes::as_in_paper,
}};

constinit const RetinaNet_ResNet50_FPN_V2_Weights RetinaNet_ResNet50_FPN_V2_Weights::COCO_V1{{
    .name = "RetinaNet_ResNet50_FPN_V2_Weights.COCO_V1",
    .url = "https://download.pytorch.org/models/retinanet_resnet50_fpn_v2_coco-5905b1c5.pth",
    .preset = ObjectDetectionOptions{},
    .categories = kCocoCategories,
    .num_params = 38198935,
    .metrics = {{"COCO-val2017", "box_map", 41.5}},
    .gflops = 152.238,
    .file_size_mb = 146.037,
    .recipe = "https://github.com/pytorch/vision/pull/5756",
    .docs = training_notes::enhanced_recipe,
}};

constinit const SSD300_VGG16_Weights SSD300_VGG16_Weights::COCO_V1{{
    .name = "SSD300_VGG16_Weights.COCO_V1",
    .url = "https://download.pytorch.org/models/ssd300_vgg16_coco-b556d3b4.pth",
    .preset = ObjectDetectionOptions{},
    .categories = kCocoCategories,
    .num_params = 35641826,
    .metrics = {{"COCO-val2017", "box_map", 25.1}},
    .gflops = 34.858,
    .file_size_mb = 135.988,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/detection#ssd300-vgg16",
    .docs = training_notes::as_in_paper,
}};

constinit const SSDLite320_MobileNet_V3_Large_Weights SSDLite320_MobileNet_V3_Large_Weights::COCO_V1{{
    .name = "SSDLite320_MobileNet_V3_Large_Weights.COCO_V1",
    .url = "https://download.pytorch.org/models/ssdlite320_mobilenet_v3_large_coco-a79551df.pth",
    .preset = ObjectDetectionOptions{},
    .categories = kCocoCategories,
    .num_params = 3440060,
    .metrics = {{"COCO-val2017", "box_map", 21.3}},
    .gflops = 0.583,
    .file_size_mb = 13.418,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/detection#ssdlite320-mobilenetv3-large",
    .docs = training_notes::as_in_paper,
}};

}  // namespace opsis::inline v1::models::detection
