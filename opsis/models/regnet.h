// RegNet: Designing Network Design Spaces, https://arxiv.org/abs/2003.13678
#pragma once

#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/pooling.h>

#include <functional>
#include <optional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

/// The stages of a RegNet; each list has a number for each.
/// Source   torchvision.models.regnet.BlockParams
struct OPSIS_API RegNetBlockParams {
  std::vector<int64_t> depths, widths, group_widths;
  std::vector<double> bottleneck_multipliers;
  std::vector<int64_t> strides;
  std::optional<double> se_ratio{};  ///< of the channels that squeeze and excitation squeezes to; none: there is none

  /// The line of widths in a design space, from the paper's five figures: w_0 + w_a * i, rounded to powers of w_m and to
  /// multiples of 8.
  /// Throws   ValueError unless w_a >= 0, w_0 > 0 is a multiple of 8 and w_m > 1
  static RegNetBlockParams from_init_params(int64_t depth, int64_t w_0, double w_a, double w_m, int64_t group_width,
                                            double bottleneck_multiplier = 1, std::optional<double> se_ratio = {});
};

/// A block of a RegNet, as whoever makes one needs to know it.
struct RegNetBlock {
  int64_t width_in, width_out, stride, group_width;
  double bottleneck_multiplier;
  std::optional<double> se_ratio;
  NormLayer norm_layer;
  ActivationLayer activation_layer;
};

struct RegNetOptions {
  std::optional<int64_t> num_classes{};  ///< 1000
  int64_t stem_width = 32;               ///< channels of the first convolution
  NormLayer norm_layer{};                ///< torch::nn::BatchNorm2d
  ActivationLayer activation{};          ///< ReLU
  int64_t in_channels = 3;               ///< of the images
  /// Makes the stem, images (N, in, H, W) -> (N, out, ...), in place of one convolution of stride 2.
  std::function<Layer(int64_t in, int64_t out, const NormLayer& norm_layer, const ActivationLayer& activation)> stem_type{};
  /// Makes a block, (N, width_in, H, W) -> (N, width_out, H / stride, W / stride), in place of the paper's bottleneck.
  std::function<Layer(const RegNetBlock& block)> block_type{};
};

/// Images (N, C, H, W), normalised -> logits (N, num_classes). Built after torch::manual_seed(s), it has the parameters that
/// Python's has after torch.manual_seed(s).
/// Source   torchvision.models.RegNet
class OPSIS_API RegNetImpl : public ImageClassifier {
 public:
  explicit RegNetImpl(const RegNetBlockParams& params, const RegNetOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;

  Layer stem;
  Sequential trunk_output{nullptr};
  Observed<torch::nn::AdaptiveAvgPool2d> avgpool{nullptr};
  Observed<torch::nn::Linear> fc{nullptr};
};
TORCH_MODULE(RegNet);

struct OPSIS_API RegNet_Y_400MF_Weights : Weights {
  static const RegNet_Y_400MF_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const RegNet_Y_400MF_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API RegNet_Y_800MF_Weights : Weights {
  static const RegNet_Y_800MF_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const RegNet_Y_800MF_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API RegNet_Y_1_6GF_Weights : Weights {
  static const RegNet_Y_1_6GF_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const RegNet_Y_1_6GF_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API RegNet_Y_3_2GF_Weights : Weights {
  static const RegNet_Y_3_2GF_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const RegNet_Y_3_2GF_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API RegNet_Y_8GF_Weights : Weights {
  static const RegNet_Y_8GF_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const RegNet_Y_8GF_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API RegNet_Y_16GF_Weights : Weights {
  static const RegNet_Y_16GF_Weights IMAGENET1K_V1, IMAGENET1K_V2, IMAGENET1K_SWAG_E2E_V1, IMAGENET1K_SWAG_LINEAR_V1;
  static constexpr const RegNet_Y_16GF_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2, &IMAGENET1K_SWAG_E2E_V1, &IMAGENET1K_SWAG_LINEAR_V1}; }
};
struct OPSIS_API RegNet_Y_32GF_Weights : Weights {
  static const RegNet_Y_32GF_Weights IMAGENET1K_V1, IMAGENET1K_V2, IMAGENET1K_SWAG_E2E_V1, IMAGENET1K_SWAG_LINEAR_V1;
  static constexpr const RegNet_Y_32GF_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2, &IMAGENET1K_SWAG_E2E_V1, &IMAGENET1K_SWAG_LINEAR_V1}; }
};
struct OPSIS_API RegNet_Y_128GF_Weights : Weights {
  static const RegNet_Y_128GF_Weights IMAGENET1K_SWAG_E2E_V1, IMAGENET1K_SWAG_LINEAR_V1;
  static constexpr const RegNet_Y_128GF_Weights& DEFAULT = IMAGENET1K_SWAG_E2E_V1;
  static List all() { return {&IMAGENET1K_SWAG_E2E_V1, &IMAGENET1K_SWAG_LINEAR_V1}; }
};
struct OPSIS_API RegNet_X_400MF_Weights : Weights {
  static const RegNet_X_400MF_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const RegNet_X_400MF_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API RegNet_X_800MF_Weights : Weights {
  static const RegNet_X_800MF_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const RegNet_X_800MF_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API RegNet_X_1_6GF_Weights : Weights {
  static const RegNet_X_1_6GF_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const RegNet_X_1_6GF_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API RegNet_X_3_2GF_Weights : Weights {
  static const RegNet_X_3_2GF_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const RegNet_X_3_2GF_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API RegNet_X_8GF_Weights : Weights {
  static const RegNet_X_8GF_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const RegNet_X_8GF_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API RegNet_X_16GF_Weights : Weights {
  static const RegNet_X_16GF_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const RegNet_X_16GF_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};
struct OPSIS_API RegNet_X_32GF_Weights : Weights {
  static const RegNet_X_32GF_Weights IMAGENET1K_V1, IMAGENET1K_V2;
  static constexpr const RegNet_X_32GF_Weights& DEFAULT = IMAGENET1K_V2;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_V2}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random. X has no squeeze and
/// excitation, Y has.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   what load_weights throws
/// Source   the function of the same name in torchvision.models
OPSIS_API RegNet regnet_y_400mf(std::optional<RegNet_Y_400MF_Weights> weights = {}, RegNetOptions options = {});
OPSIS_API RegNet regnet_y_800mf(std::optional<RegNet_Y_800MF_Weights> weights = {}, RegNetOptions options = {});
OPSIS_API RegNet regnet_y_1_6gf(std::optional<RegNet_Y_1_6GF_Weights> weights = {}, RegNetOptions options = {});
OPSIS_API RegNet regnet_y_3_2gf(std::optional<RegNet_Y_3_2GF_Weights> weights = {}, RegNetOptions options = {});
OPSIS_API RegNet regnet_y_8gf(std::optional<RegNet_Y_8GF_Weights> weights = {}, RegNetOptions options = {});
OPSIS_API RegNet regnet_y_16gf(std::optional<RegNet_Y_16GF_Weights> weights = {}, RegNetOptions options = {});
OPSIS_API RegNet regnet_y_32gf(std::optional<RegNet_Y_32GF_Weights> weights = {}, RegNetOptions options = {});
OPSIS_API RegNet regnet_y_128gf(std::optional<RegNet_Y_128GF_Weights> weights = {}, RegNetOptions options = {});
OPSIS_API RegNet regnet_x_400mf(std::optional<RegNet_X_400MF_Weights> weights = {}, RegNetOptions options = {});
OPSIS_API RegNet regnet_x_800mf(std::optional<RegNet_X_800MF_Weights> weights = {}, RegNetOptions options = {});
OPSIS_API RegNet regnet_x_1_6gf(std::optional<RegNet_X_1_6GF_Weights> weights = {}, RegNetOptions options = {});
OPSIS_API RegNet regnet_x_3_2gf(std::optional<RegNet_X_3_2GF_Weights> weights = {}, RegNetOptions options = {});
OPSIS_API RegNet regnet_x_8gf(std::optional<RegNet_X_8GF_Weights> weights = {}, RegNetOptions options = {});
OPSIS_API RegNet regnet_x_16gf(std::optional<RegNet_X_16GF_Weights> weights = {}, RegNetOptions options = {});
OPSIS_API RegNet regnet_x_32gf(std::optional<RegNet_X_32GF_Weights> weights = {}, RegNetOptions options = {});

}  // namespace opsis::inline v1::models
