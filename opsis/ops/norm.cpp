#include "opsis/ops/norm.h"

#include <torch/nn/modules/batchnorm.h>

namespace opsis::inline v1::ops {

NormLayer batch_norm_2d(double eps, double momentum) {
  return [=](int64_t channels) -> Layer {
    return torch::nn::BatchNorm2d(torch::nn::BatchNorm2dOptions(channels).eps(eps).momentum(momentum));
  };
}

NormLayer batch_norm_3d(double eps, double momentum) {
  return [=](int64_t channels) -> Layer {
    return torch::nn::BatchNorm3d(torch::nn::BatchNorm3dOptions(channels).eps(eps).momentum(momentum));
  };
}

NormLayer layer_norm(double eps) {
  return [=](int64_t channels) -> Layer { return torch::nn::LayerNorm(torch::nn::LayerNormOptions({channels}).eps(eps)); };
}

torch::Tensor LayerNorm2dImpl::forward(const torch::Tensor& x) {
  return torch::nn::LayerNormImpl::forward(x.permute({0, 2, 3, 1})).permute({0, 3, 1, 2});
}

}  // namespace opsis::inline v1::ops
