// The pretrained weights of these models, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/coco_categories.h"
#include "opsis/models/detection/faster_rcnn.h"
#include "opsis/models/detection/keypoint_rcnn.h"
#include "opsis/models/detection/mask_rcnn.h"
#include "opsis/models/training_notes.h"

namespace opsis::inline v1::models::detection {

constinit const FasterRCNN_MobileNet_V3_Large_320_FPN_Weights FasterRCNN_MobileNet_V3_Large_320_FPN_Weights::COCO_V1{{
    .name = "FasterRCNN_MobileNet_V3_Large_320_FPN_Weights.COCO_V1",
    .url = "https://download.pytorch.org/models/fasterrcnn_mobilenet_v3_large_320_fpn-907ea3f9.pth",
    .preset = ObjectDetectionOptions{},
    .categories = kCocoCategories,
    .num_params = 19386354,
    .metrics = {{"COCO-val2017", "box_map", 22.8}},
    .gflops = 0.719,
    .file_size_mb = 74.239,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/detection#faster-r-cnn-mobilenetv3-large-320-fpn",
    .docs = training_notes::as_in_paper,
}};

constinit const FasterRCNN_MobileNet_V3_Large_FPN_Weights FasterRCNN_MobileNet_V3_Large_FPN_Weights::COCO_V1{{
    .name = "FasterRCNN_MobileNet_V3_Large_FPN_Weights.COCO_V1",
    .url = "https://download.pytorch.org/models/fasterrcnn_mobilenet_v3_large_fpn-fb6a3cc7.pth",
    .preset = ObjectDetectionOptions{},
    .categories = kCocoCategories,
    .num_params = 19386354,
    .metrics = {{"COCO-val2017", "box_map", 32.8}},
    .gflops = 4.494,
    .file_size_mb = 74.239,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/detection#faster-r-cnn-mobilenetv3-large-fpn",
    .docs = training_notes::as_in_paper,
}};

constinit const FasterRCNN_ResNet50_FPN_V2_Weights FasterRCNN_ResNet50_FPN_V2_Weights::COCO_V1{{
    .name = "FasterRCNN_ResNet50_FPN_V2_Weights.COCO_V1",
    .url = "https://download.pytorch.org/models/fasterrcnn_resnet50_fpn_v2_coco-dd69338a.pth",
    .preset = ObjectDetectionOptions{},
    .categories = kCocoCategories,
    .num_params = 43712278,
    .metrics = {{"COCO-val2017", "box_map", 46.7}},
    .gflops = 280.371,
    .file_size_mb = 167.104,
    .recipe = "https://github.com/pytorch/vision/pull/5763",
    .docs = training_notes::enhanced_recipe,
}};

constinit const FasterRCNN_ResNet50_FPN_Weights FasterRCNN_ResNet50_FPN_Weights::COCO_V1{{
    .name = "FasterRCNN_ResNet50_FPN_Weights.COCO_V1",
    .url = "https://download.pytorch.org/models/fasterrcnn_resnet50_fpn_coco-258fb6c6.pth",
    .preset = ObjectDetectionOptions{},
    .categories = kCocoCategories,
    .num_params = 41755286,
    .metrics = {{"COCO-val2017", "box_map", 37.0}},
    .gflops = 134.38,
    .file_size_mb = 159.743,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/detection#faster-r-cnn-resnet-50-fpn",
    .docs = training_notes::as_in_paper,
}};

constinit const KeypointRCNN_ResNet50_FPN_Weights KeypointRCNN_ResNet50_FPN_Weights::COCO_LEGACY{{
    .name = "KeypointRCNN_ResNet50_FPN_Weights.COCO_LEGACY",
    .url = "https://download.pytorch.org/models/keypointrcnn_resnet50_fpn_coco-9f466800.pth",
    .preset = ObjectDetectionOptions{},
    .categories = kCocoPersonCategories,
    .num_params = 59137258,
    .metrics = {{"COCO-val2017", "box_map", 50.6}, {"COCO-val2017", "kp_map", 61.1}},
    .gflops = 133.924,
    .file_size_mb = 226.054,
    .recipe = "https://github.com/pytorch/vision/issues/1606",
    .docs = "By a recipe like the paper's, from an early epoch of it.",
}};

constinit const KeypointRCNN_ResNet50_FPN_Weights KeypointRCNN_ResNet50_FPN_Weights::COCO_V1{{
    .name = "KeypointRCNN_ResNet50_FPN_Weights.COCO_V1",
    .url = "https://download.pytorch.org/models/keypointrcnn_resnet50_fpn_coco-fc266e95.pth",
    .preset = ObjectDetectionOptions{},
    .categories = kCocoPersonCategories,
    .num_params = 59137258,
    .metrics = {{"COCO-val2017", "box_map", 54.6}, {"COCO-val2017", "kp_map", 65.0}},
    .gflops = 137.42,
    .file_size_mb = 226.054,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/detection#keypoint-r-cnn",
    .docs = training_notes::as_in_paper,
}};

constinit const MaskRCNN_ResNet50_FPN_V2_Weights MaskRCNN_ResNet50_FPN_V2_Weights::COCO_V1{{
    .name = "MaskRCNN_ResNet50_FPN_V2_Weights.COCO_V1",
    .url = "https://download.pytorch.org/models/maskrcnn_resnet50_fpn_v2_coco-73cbd019.pth",
    .preset = ObjectDetectionOptions{},
    .categories = kCocoCategories,
    .num_params = 46359409,
    .metrics = {{"COCO-val2017", "box_map", 47.4}, {"COCO-val2017", "mask_map", 41.8}},
    .gflops = 333.577,
    .file_size_mb = 177.219,
    .recipe = "https://github.com/pytorch/vision/pull/5773",
    .docs = training_notes::enhanced_recipe,
}};

constinit const MaskRCNN_ResNet50_FPN_Weights MaskRCNN_ResNet50_FPN_Weights::COCO_V1{{
    .name = "MaskRCNN_ResNet50_FPN_Weights.COCO_V1",
    .url = "https://download.pytorch.org/models/maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth",
    .preset = ObjectDetectionOptions{},
    .categories = kCocoCategories,
    .num_params = 44401393,
    .metrics = {{"COCO-val2017", "box_map", 37.9}, {"COCO-val2017", "mask_map", 34.6}},
    .gflops = 134.38,
    .file_size_mb = 169.84,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/detection#mask-r-cnn",
    .docs = training_notes::as_in_paper,
}};

}  // namespace opsis::inline v1::models::detection
