// Regions of feature maps, sampled to one size. https://arxiv.org/abs/1703.06870, section 3
#pragma once

#include <torch/expanding_array.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <vector>

#include "opsis/core/api.h"
#include "opsis/ops/observe.h"

namespace opsis::inline v1::ops {

/// Regions of a batch: rows (image, left, top, right, bottom), or the boxes of each image.
///     Rois({boxes_of_the_first, boxes_of_the_second})   // (3, 4), (5, 4) -> (8, 5)
class OPSIS_API Rois {
 public:
  /// (K, 5), which whoever takes them checks.
  Rois(torch::Tensor rows) : rows_(std::move(rows)) {}  // NOLINT: meant to convert
  /// Throws ValueError when there is no tensor, or one that is not (L, 4).
  Rois(const std::vector<torch::Tensor>& boxes);  // NOLINT: likewise
  const torch::Tensor& rows() const { return rows_; }

 private:
  torch::Tensor rows_;
};

/// Of roi_align.
struct RoIAlignOptions {
  double spatial_scale = 1;     ///< of the maps, beside the image that the boxes are on
  int64_t sampling_ratio = -1;  ///< samples of a bin down and across; when not positive, one a pixel
  bool aligned = false;         ///< pixels' centres lie at halves; boxes may then be smaller than a pixel
};

/// Each region cut into output_size bins; each bin the mean of samples, found between pixels. Regions have no gradient.
///     roi_align(maps, boxes, 7, {.spatial_scale = 0.25, .sampling_ratio = 2})   // (2, 256, 200, 304), ... -> (K, 256, 7, 7)
/// Shapes   input (N, C, H, W), regions (K, 5) -> (K, C, output_size)
/// Types    float32, float64 or float16, the same for both, or any when there are no regions or no channels; under autocast
///          float32, and what came in comes out. Or both quint8, qint8 or qint32, quantized per tensor, and input one image:
///          then all regions are of it, and what comes out is quantized as it is
/// Memory   kernels read planes: maps whose channels are last in memory, or that lie apart, are copied whole at each call, as in
///          torchvision; make them contiguous() where several calls take them
/// Throws   ValueError for other shapes and types, and when a region names an image that is not in the batch
/// Differs  float16 is summed in float32; a region that is no number gives 0, and so does what of a region is off the maps:
///          torchvision on the CPU takes 0 times the first pixel there, which of an infinite one is no number
/// Source   torchvision.ops.roi_align
OPSIS_API torch::Tensor roi_align(const torch::Tensor& input, const Rois& boxes, torch::ExpandingArray<2> output_size,
                                  const RoIAlignOptions& options = {});

/// roi_align as a layer: (maps, regions) -> bins.
/// Source   torchvision.ops.RoIAlign
class OPSIS_API RoIAlignImpl : public torch::nn::Module {
 public:
  RoIAlignImpl(torch::ExpandingArray<2> output_size, const RoIAlignOptions& options);
  torch::Tensor forward(const torch::Tensor& input, const Rois& rois);
  void pretty_print(std::ostream& out) const override;

  torch::ExpandingArray<2> output_size;
  RoIAlignOptions options;
};
using RoIAlign = Observed<torch::nn::ModuleHolder<RoIAlignImpl>>;

/// Of ps_roi_align; always aligned.
struct PSRoIAlignOptions {
  double spatial_scale = 1;     ///< of the maps, beside the image that the boxes are on
  int64_t sampling_ratio = -1;  ///< samples of a bin down and across; when not positive, one a pixel
};

/// roi_align in which each bin has channels of its own. https://arxiv.org/abs/1711.07264
/// Shapes   input (N, C * bins, H, W), regions (K, 5) -> (K, C, output_size)
/// Types    as of roi_align, but for what is quantized
/// Throws   ValueError as roi_align, and unless the channels are a multiple of the bins
/// Differs  float16 is summed in float32
/// Source   torchvision.ops.ps_roi_align
OPSIS_API torch::Tensor ps_roi_align(const torch::Tensor& input, const Rois& boxes, torch::ExpandingArray<2> output_size,
                                     const PSRoIAlignOptions& options = {});

/// ps_roi_align as a layer.
/// Source   torchvision.ops.PSRoIAlign
class OPSIS_API PSRoIAlignImpl : public torch::nn::Module {
 public:
  PSRoIAlignImpl(torch::ExpandingArray<2> output_size, const PSRoIAlignOptions& options);
  torch::Tensor forward(const torch::Tensor& input, const Rois& rois);
  void pretty_print(std::ostream& out) const override;

  torch::ExpandingArray<2> output_size;
  PSRoIAlignOptions options;
};
using PSRoIAlign = Observed<torch::nn::ModuleHolder<PSRoIAlignImpl>>;

}  // namespace opsis::inline v1::ops
