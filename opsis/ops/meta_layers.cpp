#include "opsis/ops/meta_layers.h"

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include "opsis/core/check.h"
#include "opsis/ops/activation.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::ops::detail {
namespace {

using torch::Tensor;

// How much larger a convolution takes its input to be along an axis.
template <size_t axes, class Options>
int64_t padded(const Options& options, size_t axis, int64_t reach) {
  const auto& padding = options.padding();
  if (const auto* const numbers = std::get_if<torch::ExpandingArray<axes>>(&padding)) return 2 * (**numbers)[axis];
  return std::holds_alternative<torch::enumtype::kSame>(padding) ? reach - 1 : 0;
}

template <size_t axes, class Convolution>
std::optional<Tensor> of_convolution(const torch::nn::Module& layer, const Tensor& x) {
  const auto* const convolution = layer.as<Convolution>();
  if (!convolution) return std::nullopt;
  const auto& options = convolution->options;
  const auto channels = x.dim() - static_cast<int64_t>(axes) - 1;  // where they stand: behind a batch, or first
  OPSIS_CHECK((channels == 0 || channels == 1) && x.size(channels) == options.in_channels(),
              "{}: input must have {} channels and {} axes behind them, got {}", layer.name(), options.in_channels(), axes,
              opsis::detail::shape(x));
  OPSIS_CHECK(x.scalar_type() == convolution->weight.scalar_type(), "{}: input must be {}, as the weight is, got {}",
              layer.name(), convolution->weight.scalar_type(), x.scalar_type());
  auto size = x.sizes().vec();
  size[static_cast<size_t>(channels)] = options.out_channels();
  for (size_t i = 0; i < axes; ++i) {
    auto& length = size[static_cast<size_t>(channels) + 1 + i];
    const auto reach = (*options.dilation())[i] * ((*options.kernel_size())[i] - 1) + 1;
    const auto slack = length + padded<axes>(options, i, reach) - reach;
    OPSIS_CHECK(slack >= 0, "{}: input must not be smaller than the kernel, got {}", layer.name(), opsis::detail::shape(x));
    length = slack / (*options.stride())[i] + 1;
  }
  return x.new_empty(size);
}

template <class Norm>
std::optional<Tensor> of_batch_norm(const torch::nn::Module& layer, const Tensor& x) {
  const auto* const norm = layer.as<Norm>();
  if (!norm) return std::nullopt;
  OPSIS_CHECK(x.dim() >= 2 && x.size(1) == norm->options.num_features(), "{}: input must have {} channels, got {}",
              layer.name(), norm->options.num_features(), opsis::detail::shape(x));
  return torch::empty_like(x);
}

template <class Activation>
std::optional<Tensor> of_relu(const torch::nn::Module& layer, const Tensor& x) {
  const auto* const relu = layer.as<Activation>();
  if (!relu) return std::nullopt;
  return relu->options.inplace() ? x : torch::empty_like(x);
}

}  // namespace

std::optional<Tensor> meta_result(const torch::nn::Module& layer, const Tensor& x) {
  for (const auto result : {of_convolution<2, torch::nn::Conv2dImpl>, of_convolution<3, torch::nn::Conv3dImpl>,
                            of_batch_norm<torch::nn::BatchNorm2dImpl>, of_batch_norm<torch::nn::BatchNorm3dImpl>,
                            of_relu<torch::nn::ReLUImpl>, of_relu<torch::nn::ReLU6Impl>}) {
    if (auto found = result(layer, x)) return found;
  }
  if (layer.as<HardswishImpl>()) return torch::empty_like(x);
  return std::nullopt;
}

}  // namespace opsis::inline v1::ops::detail
