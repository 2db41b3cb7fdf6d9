// Everything of opsis::models.
#pragma once

#include "opsis/models/coco_categories.h"
#include "opsis/models/exported_program.h"
#include "opsis/models/feature_extraction.h"
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/intermediate_layers.h"
#include "opsis/models/kinetics_categories.h"
#include "opsis/models/layer.h"
#include "opsis/models/load_weights.h"
#include "opsis/models/optimize.h"
#include "opsis/models/registry.h"
#include "opsis/models/skip_initialisation.h"
#include "opsis/models/summary.h"
#include "opsis/models/task.h"
#include "opsis/models/voc_categories.h"
#include "opsis/models/weights.h"

// The families.
#include "opsis/models/alexnet.h"
#include "opsis/models/convnext.h"
#include "opsis/models/densenet.h"
#include "opsis/models/efficientnet.h"
#include "opsis/models/googlenet.h"
#include "opsis/models/inception_v3.h"
#include "opsis/models/maxvit.h"
#include "opsis/models/mnasnet.h"
#include "opsis/models/mobilenet_v2.h"
#include "opsis/models/mobilenet_v3.h"
#include "opsis/models/regnet.h"
#include "opsis/models/resnet.h"
#include "opsis/models/shufflenet_v2.h"
#include "opsis/models/squeezenet.h"
#include "opsis/models/swin_transformer.h"
#include "opsis/models/vgg.h"
#include "opsis/models/vision_transformer.h"

// Those that tell what every pixel belongs to.
#include "opsis/models/segmentation/deeplabv3.h"
#include "opsis/models/segmentation/fcn.h"
#include "opsis/models/segmentation/lraspp.h"

// Those that find things.
#include "opsis/models/detection/faster_rcnn.h"
#include "opsis/models/detection/fcos.h"
#include "opsis/models/detection/keypoint_rcnn.h"
#include "opsis/models/detection/mask_rcnn.h"
#include "opsis/models/detection/retinanet.h"
#include "opsis/models/detection/ssd.h"
#include "opsis/models/detection/ssdlite.h"

// Those that tell what happens in a clip.
#include "opsis/models/video/mvit.h"
#include "opsis/models/video/resnet.h"
#include "opsis/models/video/s3d.h"
#include "opsis/models/video/swin_transformer.h"

// Those that tell how pixels move.
#include "opsis/models/optical_flow/raft.h"

// Those that can be quantized.
#include "opsis/models/quantization/fake_quantize.h"
#include "opsis/models/quantization/googlenet.h"
#include "opsis/models/quantization/inception_v3.h"
#include "opsis/models/quantization/mobilenet_v2.h"
#include "opsis/models/quantization/mobilenet_v3.h"
#include "opsis/models/quantization/quantize.h"
#include "opsis/models/quantization/resnet.h"
#include "opsis/models/quantization/shufflenet_v2.h"
