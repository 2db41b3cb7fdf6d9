// Boxes told by how they differ from other boxes: what detectors' heads learn to give.
#pragma once

#include <torch/types.h>

#include <array>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::models::detection {

/// Shifts of the centre in parts of the other box's sides, and logarithms of the sides' ratios, each times a weight.
/// Source   torchvision.models.detection._utils.BoxCoder
struct OPSIS_API BoxCoder {
  std::array<double, 4> weights{1, 1, 1, 1};
  double bbox_xform_clip = 4.135166556742356;  ///< logarithms of sides are cut there when decoded: log(1000 / 16)

  /// The codes of reference boxes beside the proposals.
  /// Shapes   (N, 4), (N, 4) XYXY -> (N, 4)
  torch::Tensor encode_single(const torch::Tensor& reference_boxes, const torch::Tensor& proposals) const;
  /// Of each image.
  std::vector<torch::Tensor> encode(const std::vector<torch::Tensor>& reference_boxes,
                                    const std::vector<torch::Tensor>& proposals) const;

  /// The boxes that the codes tell of, K beside each box.
  /// Shapes   (N, 4 K), (N, 4) -> (N, 4 K)
  torch::Tensor decode_single(const torch::Tensor& rel_codes, const torch::Tensor& boxes) const;
  /// Of the boxes of all images, one image's behind another's.
  /// Shapes   (N, 4 K), N boxes -> (N, K, 4)
  /// Differs  of no boxes it is (0, K, 4) too, where torchvision's is (0, 4 K)
  torch::Tensor decode(const torch::Tensor& rel_codes, const std::vector<torch::Tensor>& boxes) const;
};

/// Distances from a box's centre to the four sides of another box.
/// Shapes   (..., 4), (..., 4) -> (..., 4), for each of its functions
/// Source   torchvision.models.detection._utils.BoxLinearCoder
struct OPSIS_API BoxLinearCoder {
  bool normalize_by_size = true;  ///< distances in parts of the first box's sides

  torch::Tensor encode(const torch::Tensor& reference_boxes, const torch::Tensor& proposals) const;
  torch::Tensor decode(const torch::Tensor& rel_codes, const torch::Tensor& boxes) const;
};

}  // namespace opsis::inline v1::models::detection
