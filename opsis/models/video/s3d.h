// S3D: Rethinking Spatiotemporal Feature Learning, https://arxiv.org/abs/1712.04851
#pragma once

#include <torch/nn/modules/pooling.h>

#include <optional>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::video {

/// What can be chosen of an S3D.
struct S3DOptions {
  std::optional<int64_t> num_classes{};  ///< 400
  double dropout = 0.2;                  ///< before the head
  NormLayer norm_layer{};                ///< torch::nn::BatchNorm3d with eps 0.001 and momentum 0.001
  int64_t in_channels = 3;               ///< of the clips; with weights, the first convolution's filters are adapted
};

/// Clips (N, 3, T, H, W), normalised, of at least 14 frames of 224 x 224 -> logits (N, num_classes). Built after
/// torch::manual_seed(s), it has the parameters that Python's has after torch.manual_seed(s).
/// Source   torchvision.models.video.S3D
class OPSIS_API S3DImpl : public VideoClassifier {
 public:
  explicit S3DImpl(const S3DOptions& options = {});
  torch::Tensor forward(torch::Tensor clips) override;

  Sequential features{nullptr};
  Observed<torch::nn::AvgPool3d> avgpool{nullptr};
  Sequential classifier{nullptr};
};
TORCH_MODULE(S3D);

struct OPSIS_API S3D_Weights : Weights {
  static const S3D_Weights KINETICS400_V1;
  static constexpr const S3D_Weights& DEFAULT = KINETICS400_V1;
  static List all() { return {&KINETICS400_V1}; }
};

/// Builds the network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head.
/// Throws   what load_weights throws
/// Source   torchvision.models.video.s3d
OPSIS_API S3D s3d(std::optional<S3D_Weights> weights = {}, S3DOptions options = {});

}  // namespace opsis::inline v1::models::video
