#include "opsis/ops/conv_norm_activation.h"

#include <torch/nn/modules/conv.h>

namespace opsis::inline v1::ops {
namespace {

torch::ExpandingArray<2> padding_of(const Conv2dNormActivationOptions& options) {
  if (options.padding) return *options.padding;
  const auto &kernel = *options.kernel_size, &dilation = *options.dilation;
  return torch::ExpandingArray<2>({(kernel[0] - 1) / 2 * dilation[0], (kernel[1] - 1) / 2 * dilation[1]});
}

}  // namespace

Conv2dNormActivationImpl::Conv2dNormActivationImpl(int64_t in_channels, int64_t out_channels,
                                                   const Conv2dNormActivationOptions& options) {
  append(torch::nn::Conv2d(torch::nn::Conv2dOptions(in_channels, out_channels, options.kernel_size)
                               .stride(options.stride)
                               .padding(padding_of(options))
                               .dilation(options.dilation)
                               .groups(options.groups)
                               .bias(options.bias.value_or(!options.norm_layer))));
  if (options.norm_layer) append(options.norm_layer(out_channels));
  if (options.activation_layer) append(options.activation_layer());
}

}  // namespace opsis::inline v1::ops
