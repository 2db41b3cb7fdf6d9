#include "opsis/ops/conv_norm_activation.h"

#include <torch/nn/modules/conv.h>

namespace opsis::inline v1::ops {
namespace {

template <size_t axes>
torch::ExpandingArray<axes> padding_of(const ConvNormActivationOptions<axes>& options) {
  auto padding = options.padding.value_or(0);
  if (options.padding) return padding;
  for (size_t i = 0; i < axes; ++i) (*padding)[i] = ((*options.kernel_size)[i] - 1) / 2 * (*options.dilation)[i];
  return padding;
}

template <class Convolution, size_t axes>
void append_all(SequentialImpl& layers, int64_t in_channels, int64_t out_channels,
                const ConvNormActivationOptions<axes>& options) {
  layers.append(Convolution(torch::nn::ConvOptions<axes>(in_channels, out_channels, options.kernel_size)
                                .stride(options.stride)
                                .padding(padding_of(options))
                                .dilation(options.dilation)
                                .groups(options.groups)
                                .bias(options.bias.value_or(!options.norm_layer))));
  if (options.norm_layer) layers.append(options.norm_layer(out_channels));
  if (options.activation_layer) layers.append(options.activation_layer());
}

}  // namespace

Conv2dNormActivationImpl::Conv2dNormActivationImpl(int64_t in_channels, int64_t out_channels,
                                                   const Conv2dNormActivationOptions& options) {
  append_all<torch::nn::Conv2d>(*this, in_channels, out_channels, options);
}

Conv3dNormActivationImpl::Conv3dNormActivationImpl(int64_t in_channels, int64_t out_channels,
                                                   const Conv3dNormActivationOptions& options) {
  append_all<torch::nn::Conv3d>(*this, in_channels, out_channels, options);
}

}  // namespace opsis::inline v1::ops
