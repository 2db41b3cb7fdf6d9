// The pretrained weights of these models, field by field as torchvision has them; only the sentences are ours.
#include "opsis/models/optical_flow/raft.h"

namespace opsis::inline v1::models::optical_flow {
namespace notes {

constexpr std::string_view things_ported = "The paper authors' own, converted. Trained on FlyingChairs and FlyingThings3D.";
constexpr std::string_view things = "Trained from scratch on FlyingChairs and FlyingThings3D.";
constexpr std::string_view sintel_ported =
    "The paper authors' own, converted. Trained on FlyingChairs and FlyingThings3D, then for Sintel on a mix of Sintel, "
    "KittiFlow, HD1K and FlyingThings3D's clean pass.";
constexpr std::string_view sintel =
    "Trained from scratch on FlyingChairs and FlyingThings3D, then for Sintel on a mix of Sintel, KittiFlow, HD1K and "
    "FlyingThings3D's clean pass.";
constexpr std::string_view kitti_ported =
    "The paper authors' own, converted. Trained on FlyingChairs and FlyingThings3D, for Sintel on the same mix as "
    "C_T_SKHT_V1, then on KittiFlow.";
constexpr std::string_view kitti =
    "Trained from scratch on FlyingChairs and FlyingThings3D, for Sintel on the same mix as C_T_SKHT_V2, then on KittiFlow.";

}  // namespace notes

constinit const Raft_Large_Weights Raft_Large_Weights::C_T_V1{{
    .name = "Raft_Large_Weights.C_T_V1",
    .url = "https://download.pytorch.org/models/raft_large_C_T_V1-22a6c225.pth",
    .preset = OpticalFlowOptions{},
    .categories = {},
    .num_params = 5257536,
    .min_size = {128, 128},
    .metrics = {{"Sintel-Train-Cleanpass", "epe", 1.4411},
                {"Sintel-Train-Finalpass", "epe", 2.7894},
                {"Kitti-Train", "per_image_epe", 5.0172},
                {"Kitti-Train", "fl_all", 17.4506}},
    .gflops = 211.007,
    .file_size_mb = 20.129,
    .recipe = "https://github.com/princeton-vl/RAFT",
    .docs = notes::things_ported,
}};

constinit const Raft_Large_Weights Raft_Large_Weights::C_T_V2{{
    .name = "Raft_Large_Weights.C_T_V2",
    .url = "https://download.pytorch.org/models/raft_large_C_T_V2-1bb1363a.pth",
    .preset = OpticalFlowOptions{},
    .categories = {},
    .num_params = 5257536,
    .min_size = {128, 128},
    .metrics = {{"Sintel-Train-Cleanpass", "epe", 1.3822},
                {"Sintel-Train-Finalpass", "epe", 2.7161},
                {"Kitti-Train", "per_image_epe", 4.5118},
                {"Kitti-Train", "fl_all", 16.0679}},
    .gflops = 211.007,
    .file_size_mb = 20.129,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/optical_flow",
    .docs = notes::things,
}};

constinit const Raft_Large_Weights Raft_Large_Weights::C_T_SKHT_V1{{
    .name = "Raft_Large_Weights.C_T_SKHT_V1",
    .url = "https://download.pytorch.org/models/raft_large_C_T_SKHT_V1-0b8c9e55.pth",
    .preset = OpticalFlowOptions{},
    .categories = {},
    .num_params = 5257536,
    .min_size = {128, 128},
    .metrics = {{"Sintel-Test-Cleanpass", "epe", 1.94}, {"Sintel-Test-Finalpass", "epe", 3.18}},
    .gflops = 211.007,
    .file_size_mb = 20.129,
    .recipe = "https://github.com/princeton-vl/RAFT",
    .docs = notes::sintel_ported,
}};

constinit const Raft_Large_Weights Raft_Large_Weights::C_T_SKHT_V2{{
    .name = "Raft_Large_Weights.C_T_SKHT_V2",
    .url = "https://download.pytorch.org/models/raft_large_C_T_SKHT_V2-ff5fadd5.pth",
    .preset = OpticalFlowOptions{},
    .categories = {},
    .num_params = 5257536,
    .min_size = {128, 128},
    .metrics = {{"Sintel-Test-Cleanpass", "epe", 1.819}, {"Sintel-Test-Finalpass", "epe", 3.067}},
    .gflops = 211.007,
    .file_size_mb = 20.129,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/optical_flow",
    .docs = notes::sintel,
}};

constinit const Raft_Large_Weights Raft_Large_Weights::C_T_SKHT_K_V1{{
    .name = "Raft_Large_Weights.C_T_SKHT_K_V1",
    .url = "https://download.pytorch.org/models/raft_large_C_T_SKHT_K_V1-4a6a5039.pth",
    .preset = OpticalFlowOptions{},
    .categories = {},
    .num_params = 5257536,
    .min_size = {128, 128},
    .metrics = {{"Kitti-Test", "fl_all", 5.1}},
    .gflops = 211.007,
    .file_size_mb = 20.129,
    .recipe = "https://github.com/princeton-vl/RAFT",
    .docs = notes::kitti_ported,
}};

constinit const Raft_Large_Weights Raft_Large_Weights::C_T_SKHT_K_V2{{
    .name = "Raft_Large_Weights.C_T_SKHT_K_V2",
    .url = "https://download.pytorch.org/models/raft_large_C_T_SKHT_K_V2-b5c70766.pth",
    .preset = OpticalFlowOptions{},
    .categories = {},
    .num_params = 5257536,
    .min_size = {128, 128},
    .metrics = {{"Kitti-Test", "fl_all", 5.19}},
    .gflops = 211.007,
    .file_size_mb = 20.129,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/optical_flow",
    .docs = notes::kitti,
}};

constinit const Raft_Small_Weights Raft_Small_Weights::C_T_V1{{
    .name = "Raft_Small_Weights.C_T_V1",
    .url = "https://download.pytorch.org/models/raft_small_C_T_V1-ad48884c.pth",
    .preset = OpticalFlowOptions{},
    .categories = {},
    .num_params = 990162,
    .min_size = {128, 128},
    .metrics = {{"Sintel-Train-Cleanpass", "epe", 2.1231},
                {"Sintel-Train-Finalpass", "epe", 3.279},
                {"Kitti-Train", "per_image_epe", 7.6557},
                {"Kitti-Train", "fl_all", 25.2801}},
    .gflops = 47.655,
    .file_size_mb = 3.821,
    .recipe = "https://github.com/princeton-vl/RAFT",
    .docs = notes::things_ported,
}};

constinit const Raft_Small_Weights Raft_Small_Weights::C_T_V2{{
    .name = "Raft_Small_Weights.C_T_V2",
    .url = "https://download.pytorch.org/models/raft_small_C_T_V2-01064c6d.pth",
    .preset = OpticalFlowOptions{},
    .categories = {},
    .num_params = 990162,
    .min_size = {128, 128},
    .metrics = {{"Sintel-Train-Cleanpass", "epe", 1.9901},
                {"Sintel-Train-Finalpass", "epe", 3.2831},
                {"Kitti-Train", "per_image_epe", 7.5978},
                {"Kitti-Train", "fl_all", 25.2369}},
    .gflops = 47.655,
    .file_size_mb = 3.821,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/optical_flow",
    .docs = notes::things,
}};

}  // namespace opsis::inline v1::models::optical_flow
