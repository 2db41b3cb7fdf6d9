// Turned regions of feature maps, sampled to one size.
#pragma once

#include <torch/expanding_array.h>
#include <torch/types.h>

#include "opsis/core/api.h"

namespace opsis::inline v1::ops {

/// Of roi_align_rotated; always aligned.
struct RoIAlignRotatedOptions {
  double spatial_scale = 1;     ///< of the maps, beside the image that the boxes are on
  int64_t sampling_ratio = -1;  ///< samples of a bin down and across; when not positive, one a pixel
};

/// roi_align, aligned, of boxes that are turned about their centres; the regions are turned upright. Differentiable, once, by the
/// maps. Places are found, and samples summed, in float64. Of other devices than the CPU it is computed there.
/// Shapes   input (N, C, H, W), rois (K, 6): image, then CXCYWHR, degrees counter-clockwise -> (K, C, output_size)
/// Types    float32 or float64, the same for both
/// Throws   ValueError for other shapes and types, for a sampling_ratio above 1,000,000, and when a region names an image that is
///          not in the batch
/// Source   Opsis; ROIAlignRotated of Detectron2
OPSIS_API torch::Tensor roi_align_rotated(const torch::Tensor& input, const torch::Tensor& rois,
                                          torch::ExpandingArray<2> output_size, const RoIAlignRotatedOptions& options = {});

}  // namespace opsis::inline v1::ops
