// Norms as layers: makers of batch norm, and the layer norm of images.
#pragma once

#include <torch/nn/modules/normalization.h>
#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/ops/layer.h"

namespace opsis::inline v1::ops {

/// Makes torch::nn::BatchNorm2d with these figures.
OPSIS_API NormLayer batch_norm_2d(double eps = 1e-5, double momentum = 0.1);
/// Makes torch::nn::BatchNorm3d with these figures.
OPSIS_API NormLayer batch_norm_3d(double eps = 1e-5, double momentum = 0.1);

/// Makes torch::nn::LayerNorm over the last dimension.
OPSIS_API NormLayer layer_norm(double eps = 1e-5);

/// Layer norm over the channels of every pixel.
/// Shapes   (N, C, H, W) -> the same
/// Source   torchvision.models.convnext.LayerNorm2d
class OPSIS_API LayerNorm2dImpl : public torch::nn::LayerNormImpl {
 public:
  using torch::nn::LayerNormImpl::LayerNormImpl;
  torch::Tensor forward(const torch::Tensor& x);
};
TORCH_MODULE(LayerNorm2d);

}  // namespace opsis::inline v1::ops
