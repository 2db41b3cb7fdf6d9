// The pretrained weights of these models, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/kinetics_categories.h"
#include "opsis/models/video/mvit.h"
#include "opsis/models/video/resnet.h"
#include "opsis/models/video/s3d.h"
#include "opsis/models/video/swin_transformer.h"

namespace opsis::inline v1::models::video {
namespace notes {

constexpr std::string_view resnet =
    "Close to the paper's accuracy. Measured on whole videos: 15 frames a second, 5 clips of 16 frames each.";
constexpr std::string_view s3d =
    "Near the paper's accuracy. Measured on single clips: 15 frames a second, a clip of 128 frames a video.";
constexpr std::string_view mvit =
    "The paper authors' own, converted. Measured on whole videos: 7.5 frames a second, 5 clips of 16 frames each.";
constexpr std::string_view swin =
    "The paper authors' own, converted. Measured on whole videos: 15 frames a second, 12 clips of 32 frames each.";

}  // namespace notes

constinit const MC3_18_Weights MC3_18_Weights::KINETICS400_V1{{
    .name = "MC3_18_Weights.KINETICS400_V1",
    .url = "https://download.pytorch.org/models/mc3_18-a90a0ba3.pth",
    .preset = VideoClassificationOptions{.crop_size = {112, 112}, .resize_size = {128, 171}},
    .categories = kKinetics400Categories,
    .num_params = 11695440,
    .metrics = {{"Kinetics-400", "acc@1", 63.96}, {"Kinetics-400", "acc@5", 84.13}},
    .gflops = 43.343,
    .file_size_mb = 44.672,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/video_classification",
    .docs = notes::resnet,
}};

constinit const MViT_V1_B_Weights MViT_V1_B_Weights::KINETICS400_V1{{
    .name = "MViT_V1_B_Weights.KINETICS400_V1",
    .url = "https://download.pytorch.org/models/mvit_v1_b-dbeb1030.pth",
    .preset =
        VideoClassificationOptions{
            .crop_size = {224, 224}, .resize_size = {256}, .mean = {0.45, 0.45, 0.45}, .std = {0.225, 0.225, 0.225}},
    .categories = kKinetics400Categories,
    .num_params = 36610672,
    .min_size = {224, 224},
    .min_temporal_size = 16,
    .metrics = {{"Kinetics-400", "acc@1", 78.477}, {"Kinetics-400", "acc@5", 93.582}},
    .gflops = 70.599,
    .file_size_mb = 139.764,
    .recipe = "https://github.com/facebookresearch/pytorchvideo/blob/main/docs/source/model_zoo.md",
    .docs = notes::mvit,
}};

constinit const MViT_V2_S_Weights MViT_V2_S_Weights::KINETICS400_V1{{
    .name = "MViT_V2_S_Weights.KINETICS400_V1",
    .url = "https://download.pytorch.org/models/mvit_v2_s-ae3be167.pth",
    .preset =
        VideoClassificationOptions{
            .crop_size = {224, 224}, .resize_size = {256}, .mean = {0.45, 0.45, 0.45}, .std = {0.225, 0.225, 0.225}},
    .categories = kKinetics400Categories,
    .num_params = 34537744,
    .min_size = {224, 224},
    .min_temporal_size = 16,
    .metrics = {{"Kinetics-400", "acc@1", 80.757}, {"Kinetics-400", "acc@5", 94.665}},
    .gflops = 64.224,
    .file_size_mb = 131.884,
    .recipe = "https://github.com/facebookresearch/SlowFast/blob/main/MODEL_ZOO.md",
    .docs = notes::mvit,
}};

constinit const R2Plus1D_18_Weights R2Plus1D_18_Weights::KINETICS400_V1{{
    .name = "R2Plus1D_18_Weights.KINETICS400_V1",
    .url = "https://download.pytorch.org/models/r2plus1d_18-91a641e6.pth",
    .preset = VideoClassificationOptions{.crop_size = {112, 112}, .resize_size = {128, 171}},
    .categories = kKinetics400Categories,
    .num_params = 31505325,
    .metrics = {{"Kinetics-400", "acc@1", 67.463}, {"Kinetics-400", "acc@5", 86.175}},
    .gflops = 40.519,
    .file_size_mb = 120.318,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/video_classification",
    .docs = notes::resnet,
}};

constinit const R3D_18_Weights R3D_18_Weights::KINETICS400_V1{{
    .name = "R3D_18_Weights.KINETICS400_V1",
    .url = "https://download.pytorch.org/models/r3d_18-b3b3357e.pth",
    .preset = VideoClassificationOptions{.crop_size = {112, 112}, .resize_size = {128, 171}},
    .categories = kKinetics400Categories,
    .num_params = 33371472,
    .metrics = {{"Kinetics-400", "acc@1", 63.2}, {"Kinetics-400", "acc@5", 83.479}},
    .gflops = 40.697,
    .file_size_mb = 127.359,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/video_classification",
    .docs = notes::resnet,
}};

constinit const S3D_Weights S3D_Weights::KINETICS400_V1{{
    .name = "S3D_Weights.KINETICS400_V1",
    .url = "https://download.pytorch.org/models/s3d-d76dad2f.pth",
    .preset = VideoClassificationOptions{.crop_size = {224, 224}, .resize_size = {256, 256}},
    .categories = kKinetics400Categories,
    .num_params = 8320048,
    .min_size = {224, 224},
    .min_temporal_size = 14,
    .metrics = {{"Kinetics-400", "acc@1", 68.368}, {"Kinetics-400", "acc@5", 88.05}},
    .gflops = 17.979,
    .file_size_mb = 31.972,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/video_classification#s3d",
    .docs = notes::s3d,
}};

constinit const Swin3D_B_Weights Swin3D_B_Weights::KINETICS400_V1{{
    .name = "Swin3D_B_Weights.KINETICS400_V1",
    .url = "https://download.pytorch.org/models/swin3d_b_1k-24f7c7c6.pth",
    .preset =
        VideoClassificationOptions{
            .crop_size = {224, 224}, .resize_size = {256}, .mean = {0.485, 0.456, 0.406}, .std = {0.229, 0.224, 0.225}},
    .categories = kKinetics400Categories,
    .num_params = 88048984,
    .min_temporal_size = 1,
    .metrics = {{"Kinetics-400", "acc@1", 79.427}, {"Kinetics-400", "acc@5", 94.386}},
    .gflops = 140.667,
    .file_size_mb = 364.134,
    .recipe = "https://github.com/SwinTransformer/Video-Swin-Transformer#kinetics-400",
    .docs = notes::swin,
}};

constinit const Swin3D_B_Weights Swin3D_B_Weights::KINETICS400_IMAGENET22K_V1{{
    .name = "Swin3D_B_Weights.KINETICS400_IMAGENET22K_V1",
    .url = "https://download.pytorch.org/models/swin3d_b_22k-7c6ae6fa.pth",
    .preset =
        VideoClassificationOptions{
            .crop_size = {224, 224}, .resize_size = {256}, .mean = {0.485, 0.456, 0.406}, .std = {0.229, 0.224, 0.225}},
    .categories = kKinetics400Categories,
    .num_params = 88048984,
    .min_temporal_size = 1,
    .metrics = {{"Kinetics-400", "acc@1", 81.643}, {"Kinetics-400", "acc@5", 95.574}},
    .gflops = 140.667,
    .file_size_mb = 364.134,
    .recipe = "https://github.com/SwinTransformer/Video-Swin-Transformer#kinetics-400",
    .docs = notes::swin,
}};

constinit const Swin3D_S_Weights Swin3D_S_Weights::KINETICS400_V1{{
    .name = "Swin3D_S_Weights.KINETICS400_V1",
    .url = "https://download.pytorch.org/models/swin3d_s-da41c237.pth",
    .preset =
        VideoClassificationOptions{
            .crop_size = {224, 224}, .resize_size = {256}, .mean = {0.485, 0.456, 0.406}, .std = {0.229, 0.224, 0.225}},
    .categories = kKinetics400Categories,
    .num_params = 49816678,
    .min_temporal_size = 1,
    .metrics = {{"Kinetics-400", "acc@1", 79.521}, {"Kinetics-400", "acc@5", 94.158}},
    .gflops = 82.841,
    .file_size_mb = 218.288,
    .recipe = "https://github.com/SwinTransformer/Video-Swin-Transformer#kinetics-400",
    .docs = notes::swin,
}};

constinit const Swin3D_T_Weights Swin3D_T_Weights::KINETICS400_V1{{
    .name = "Swin3D_T_Weights.KINETICS400_V1",
    .url = "https://download.pytorch.org/models/swin3d_t-7615ae03.pth",
    .preset =
        VideoClassificationOptions{
            .crop_size = {224, 224}, .resize_size = {256}, .mean = {0.485, 0.456, 0.406}, .std = {0.229, 0.224, 0.225}},
    .categories = kKinetics400Categories,
    .num_params = 28158070,
    .min_temporal_size = 1,
    .metrics = {{"Kinetics-400", "acc@1", 77.715}, {"Kinetics-400", "acc@5", 93.519}},
    .gflops = 43.882,
    .file_size_mb = 121.543,
    .recipe = "https://github.com/SwinTransformer/Video-Swin-Transformer#kinetics-400",
    .docs = notes::swin,
}};

}  // namespace opsis::inline v1::models::video
