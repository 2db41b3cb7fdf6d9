// A convolution, its norm and its activation: the brick of most convolutional networks.
#pragma once

#include <torch/expanding_array.h>
#include <torch/types.h>

#include <optional>

#include "opsis/core/api.h"
#include "opsis/ops/activation.h"
#include "opsis/ops/layer.h"
#include "opsis/ops/norm.h"

namespace opsis::inline v1::ops {

/// Of Conv2dNormActivation and Conv3dNormActivation: `axes` is 2 or 3.
template <size_t axes>
struct ConvNormActivationOptions {
  torch::ExpandingArray<axes> kernel_size = 3;
  torch::ExpandingArray<axes> stride = 1;
  std::optional<torch::ExpandingArray<axes>> padding{};  ///< (kernel_size - 1) / 2 * dilation
  int64_t groups = 1;
  NormLayer norm_layer = axes == 2 ? batch_norm_2d() : batch_norm_3d();  ///< nullptr: none
  ActivationLayer activation_layer = [] { return ops::relu(); };         ///< nullptr: none
  torch::ExpandingArray<axes> dilation = 1;
  std::optional<bool> bias{};  ///< of the convolution: when there is no norm
};
using Conv2dNormActivationOptions = ConvNormActivationOptions<2>;
using Conv3dNormActivationOptions = ConvNormActivationOptions<3>;

/// Layers named "0", "1", "2": the convolution, the norm, the activation.
///     Conv2dNormActivation(3, 32, {.stride = 2, .activation_layer = [] { return ops::relu6(); }})
/// Differs  whether the activation works in place is for its maker to say; padding is numbers, never "same" or "valid"
/// Source   torchvision.ops.Conv2dNormActivation
class OPSIS_API Conv2dNormActivationImpl : public SequentialImpl {
 public:
  Conv2dNormActivationImpl(int64_t in_channels, int64_t out_channels, const Conv2dNormActivationOptions& options = {});
};

/// Of videos (N, C, T, H, W).
/// Source   torchvision.ops.Conv3dNormActivation
class OPSIS_API Conv3dNormActivationImpl : public SequentialImpl {
 public:
  Conv3dNormActivationImpl(int64_t in_channels, int64_t out_channels, const Conv3dNormActivationOptions& options = {});
};

/// The holder; written out, so that options can be given in braces.
class Conv2dNormActivation : public Observed<torch::nn::ModuleHolder<Conv2dNormActivationImpl>> {
 public:
  using Observed::Observed;
  Conv2dNormActivation(int64_t in_channels, int64_t out_channels, const Conv2dNormActivationOptions& options = {})
      : Observed(std::make_shared<Conv2dNormActivationImpl>(in_channels, out_channels, options)) {}
};

/// Likewise.
class Conv3dNormActivation : public Observed<torch::nn::ModuleHolder<Conv3dNormActivationImpl>> {
 public:
  using Observed::Observed;
  Conv3dNormActivation(int64_t in_channels, int64_t out_channels, const Conv3dNormActivationOptions& options = {})
      : Observed(std::make_shared<Conv3dNormActivationImpl>(in_channels, out_channels, options)) {}
};

}  // namespace opsis::inline v1::ops
