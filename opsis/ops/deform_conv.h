// Convolutions that look where they are told to. https://arxiv.org/abs/1703.06211, and https://arxiv.org/abs/1811.11168 with a
// mask.
#pragma once

#include <torch/expanding_array.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/ops/observe.h"

namespace opsis::inline v1::ops {

/// Of deform_conv2d.
struct DeformConv2dFuncOptions {
  torch::Tensor bias{};  ///< (out_channels); none
  torch::ExpandingArray<2> stride = 1;
  torch::ExpandingArray<2> padding = 0;
  torch::ExpandingArray<2> dilation = 1;
  torch::Tensor mask{};  ///< (N, offset_groups * kh * kw, out_h, out_w), what each place of the kernel is multiplied by; none
};

/// A convolution whose kernel's places are moved by `offset`, for each pixel of the result: by pairs (down, across), in pixels.
///     deform_conv2d(input, offset, weight)   // (4, 3, 10, 10), (4, 18, 8, 8), (5, 3, 3, 3) -> (4, 5, 8, 8)
/// Shapes   input (N, C, H, W), offset (N, 2 * offset_groups * kh * kw, out_h, out_w), weight
///          (out_channels, C / groups, kh, kw) -> (N, out_channels, out_h, out_w)
/// Types    float32, float64 or float16, the same for all; a bias of another gives the wider type of both
/// Throws   ValueError for shapes and types that do not fit
/// Differs  float16 is summed in float32; a bias of a wider type has a gradient, which torchvision fails at; an infinite offset
///          has none, where torchvision's may be no number; a bias of complex or of unsigned 16 to 64 bits is refused
/// Source   torchvision.ops.deform_conv2d
OPSIS_API torch::Tensor deform_conv2d(const torch::Tensor& input, const torch::Tensor& offset, const torch::Tensor& weight,
                                      const DeformConv2dFuncOptions& options = {});

/// Of DeformConv2d.
struct DeformConv2dOptions {
  torch::ExpandingArray<2> stride = 1;
  torch::ExpandingArray<2> padding = 0;
  torch::ExpandingArray<2> dilation = 1;
  int64_t groups = 1;
  bool bias = true;
};

/// Throws   ValueError unless both channels are multiples of groups
/// Draws    what torch.nn.Conv2d draws
/// Source   torchvision.ops.DeformConv2d
class OPSIS_API DeformConv2dImpl : public torch::nn::Module {
 public:
  DeformConv2dImpl(int64_t in_channels, int64_t out_channels, torch::ExpandingArray<2> kernel_size,
                   const DeformConv2dOptions& options = {});
  void reset_parameters();
  torch::Tensor forward(const torch::Tensor& input, const torch::Tensor& offset, const torch::Tensor& mask = {});
  void pretty_print(std::ostream& out) const override;

  int64_t in_channels, out_channels;
  torch::ExpandingArray<2> kernel_size;
  DeformConv2dOptions options;
  torch::Tensor weight, bias;
};

/// The holder; written out, so that options can be given in braces.
class DeformConv2d : public Observed<torch::nn::ModuleHolder<DeformConv2dImpl>> {
 public:
  using Observed::Observed;
  DeformConv2d(int64_t in_channels, int64_t out_channels, torch::ExpandingArray<2> kernel_size,
               const DeformConv2dOptions& options = {})
      : Observed(std::make_shared<DeformConv2dImpl>(in_channels, out_channels, kernel_size, options)) {}
};

}  // namespace opsis::inline v1::ops
