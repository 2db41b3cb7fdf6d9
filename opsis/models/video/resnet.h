// A Closer Look at Spatiotemporal Convolutions for Action Recognition, https://arxiv.org/abs/1711.11248
#pragma once

#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/pooling.h>

#include <array>
#include <optional>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::video {

/// The residual block: two convolutions, or one between two of a single pixel that put out four times as many channels.
enum class VideoResNetBlock { BASIC, BOTTLENECK };

/// How a block convolves.
enum class VideoConv {
  SIMPLE,       ///< over time and space at once: Conv3DSimple
  NO_TEMPORAL,  ///< every frame by itself: Conv3DNoTemporal
  TWO_PLUS_ONE  ///< over space, then over time: Conv2Plus1D
};

/// The first layers: one convolution over time and space, or one over space and then one over time.
enum class VideoStem { BASIC, R2PLUS1D };

/// What can be chosen of a VideoResNet.
struct VideoResNetOptions {
  std::optional<int64_t> num_classes{};  ///< 400
  /// Takes no bottlenecks: torchvision's way to begin them as the identity reaches for a norm that they have not.
  bool zero_init_residual = false;
  int64_t in_channels = 3;  ///< of the clips; with weights, the first convolution's filters are adapted
};

/// Clips (N, 3, T, H, W), normalised -> logits (N, num_classes). Built after torch::manual_seed(s), it has the parameters that
/// Python's has after torch.manual_seed(s).
/// Throws   ValueError for zero_init_residual with bottlenecks, where torchvision's raises AttributeError
/// Differs  block, convs and stem are one of those named above, where torchvision takes any callables
/// Source   torchvision.models.video.VideoResNet
class OPSIS_API VideoResNetImpl : public VideoClassifier {
 public:
  /// `convs` and `depths`: of layer1 to layer4.
  VideoResNetImpl(VideoResNetBlock block, std::array<VideoConv, 4> convs, std::array<int64_t, 4> depths, VideoStem stem,
                  const VideoResNetOptions& options = {});
  torch::Tensor forward(torch::Tensor clips) override;

  Sequential stem{nullptr};
  Sequential layer1{nullptr}, layer2{nullptr}, layer3{nullptr}, layer4{nullptr};
  Observed<torch::nn::AdaptiveAvgPool3d> avgpool{nullptr};
  Observed<torch::nn::Linear> fc{nullptr};
};
TORCH_MODULE(VideoResNet);

struct OPSIS_API R3D_18_Weights : Weights {
  static const R3D_18_Weights KINETICS400_V1;
  static constexpr const R3D_18_Weights& DEFAULT = KINETICS400_V1;
  static List all() { return {&KINETICS400_V1}; }
};
struct OPSIS_API MC3_18_Weights : Weights {
  static const MC3_18_Weights KINETICS400_V1;
  static constexpr const MC3_18_Weights& DEFAULT = KINETICS400_V1;
  static List all() { return {&KINETICS400_V1}; }
};
struct OPSIS_API R2Plus1D_18_Weights : Weights {
  static const R2Plus1D_18_Weights KINETICS400_V1;
  static constexpr const R2Plus1D_18_Weights& DEFAULT = KINETICS400_V1;
  static List all() { return {&KINETICS400_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head.
/// Throws   what load_weights throws
/// Source   the function of the same name in torchvision.models.video
OPSIS_API VideoResNet r3d_18(std::optional<R3D_18_Weights> weights = {}, VideoResNetOptions options = {});
OPSIS_API VideoResNet mc3_18(std::optional<MC3_18_Weights> weights = {}, VideoResNetOptions options = {});
OPSIS_API VideoResNet r2plus1d_18(std::optional<R2Plus1D_18_Weights> weights = {}, VideoResNetOptions options = {});

}  // namespace opsis::inline v1::models::video
