// Blocks of feature maps that are left out at random while training. https://arxiv.org/abs/1810.12890
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/ops/observe.h"

namespace opsis::inline v1::ops {

/// Of the functions and layers below.
struct DropBlockOptions {
  bool inplace = false;  ///< whether the input itself is changed
  double eps = 1e-6;     ///< beside the number of pixels that stay, by which what stays is scaled
};

/// Zeroes squares of block_size pixels so that each pixel goes with about probability p, and scales what is kept.
/// Shapes   (N, C, H, W) -> the same
/// Draws    one Bernoulli number for each square's place; none when not training or when p is 0
/// Types    floating point; whole numbers give float32, and are not changed in place
/// Throws   ValueError when p is not in [0, 1], for other shapes and types, and when block_size, or the shorter side below it,
///          is even
/// Source   torchvision.ops.drop_block2d
OPSIS_API torch::Tensor drop_block2d(const torch::Tensor& input, double p, int64_t block_size,
                                     const DropBlockOptions& options = {}, bool training = true);

/// Cubes of block_size in (N, C, D, H, W).
/// Source   torchvision.ops.drop_block3d
OPSIS_API torch::Tensor drop_block3d(const torch::Tensor& input, double p, int64_t block_size,
                                     const DropBlockOptions& options = {}, bool training = true);

/// drop_block2d as a layer, which drops in training mode alone.
/// Source   torchvision.ops.DropBlock2d
class OPSIS_API DropBlock2dImpl : public torch::nn::Module {
 public:
  DropBlock2dImpl(double p, int64_t block_size, const DropBlockOptions& options = {})
      : DropBlock2dImpl("DropBlock2d", p, block_size, options) {}
  virtual torch::Tensor forward(const torch::Tensor& input);
  void pretty_print(std::ostream& out) const override;

  double p;
  int64_t block_size;
  DropBlockOptions options;

 protected:
  DropBlock2dImpl(const std::string& name, double p, int64_t block_size, const DropBlockOptions& options);
};
using DropBlock2d = Observed<torch::nn::ModuleHolder<DropBlock2dImpl>>;

/// drop_block3d as a layer.
/// Source   torchvision.ops.DropBlock3d
class OPSIS_API DropBlock3dImpl : public DropBlock2dImpl {
 public:
  DropBlock3dImpl(double p, int64_t block_size, const DropBlockOptions& options = {})
      : DropBlock2dImpl("DropBlock3d", p, block_size, options) {}
  torch::Tensor forward(const torch::Tensor& input) override;
};
using DropBlock3d = Observed<torch::nn::ModuleHolder<DropBlock3dImpl>>;

}  // namespace opsis::inline v1::ops
