// Regions of feature maps, pooled to one size by whole pixels.
#pragma once

#include <torch/expanding_array.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/ops/observe.h"
#include "opsis/ops/roi_align.h"

namespace opsis::inline v1::ops {

/// Each region, rounded to pixels and cut into output_size bins; each bin its greatest pixel, 0 when it lies off the maps.
/// https://arxiv.org/abs/1504.08083. `spatial_scale` is that of the maps, beside the image that the boxes are on.
///     roi_pool(maps, boxes, 7, 0.25)   // (2, 256, 200, 304), ... -> (K, 256, 7, 7)
/// Shapes   input (N, C, H, W), regions (K, 5) -> (K, C, output_size)
/// Types    float32, float64 or float16, the same for both, or any when there are no regions or no channels
/// Memory   maps whose channels are last are copied to planes first, as by roi_align
/// Throws   ValueError for other shapes and types, and when a region names an image that is not in the batch
/// Source   torchvision.ops.roi_pool
OPSIS_API torch::Tensor roi_pool(const torch::Tensor& input, const Rois& boxes, torch::ExpandingArray<2> output_size,
                                 double spatial_scale = 1);

/// roi_pool as a layer: (maps, regions) -> bins.
/// Source   torchvision.ops.RoIPool
class OPSIS_API RoIPoolImpl : public torch::nn::Module {
 public:
  RoIPoolImpl(torch::ExpandingArray<2> output_size, double spatial_scale);
  torch::Tensor forward(const torch::Tensor& input, const Rois& rois);
  void pretty_print(std::ostream& out) const override;

  torch::ExpandingArray<2> output_size;
  double spatial_scale;
};
using RoIPool = Observed<torch::nn::ModuleHolder<RoIPoolImpl>>;

/// Each bin the mean of its pixels, in channels of its own. https://arxiv.org/abs/1605.06409. As in torchvision the last row
/// and column of the maps are not read, though the gradient gives them a share.
/// Shapes   input (N, C * bins, H, W), regions (K, 5) -> (K, C, output_size)
/// Types    float32, float64 or float16, the same for both, or any when there are no regions or no channels
/// Throws   ValueError as roi_pool, and unless the channels are a multiple of the bins
/// Differs  float16 is summed in float32
/// Source   torchvision.ops.ps_roi_pool
OPSIS_API torch::Tensor ps_roi_pool(const torch::Tensor& input, const Rois& boxes, torch::ExpandingArray<2> output_size,
                                    double spatial_scale = 1);

/// ps_roi_pool as a layer.
/// Source   torchvision.ops.PSRoIPool
class OPSIS_API PSRoIPoolImpl : public torch::nn::Module {
 public:
  PSRoIPoolImpl(torch::ExpandingArray<2> output_size, double spatial_scale);
  torch::Tensor forward(const torch::Tensor& input, const Rois& rois);
  void pretty_print(std::ostream& out) const override;

  torch::ExpandingArray<2> output_size;
  double spatial_scale;
};
using PSRoIPool = Observed<torch::nn::ModuleHolder<PSRoIPoolImpl>>;

}  // namespace opsis::inline v1::ops
