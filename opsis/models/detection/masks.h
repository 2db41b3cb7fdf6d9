// Masks of boxes: what a head gives for each box, what it learns from, and the way into the image.
#pragma once

#include <torch/types.h>

#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"

namespace opsis::inline v1::models::detection {

/// Each mask stretched over its box on an image, zeros around it.
/// Shapes   masks (N, 1, M, M), boxes (N, 4) XYXY -> (N, 1, size.height, size.width)
/// Throws   ValueError for other shapes
/// Source   torchvision.models.detection.roi_heads.paste_masks_in_image
OPSIS_API torch::Tensor paste_masks_in_image(const torch::Tensor& masks, const torch::Tensor& boxes, Size size);

/// The probabilities of each box's own class.
/// Shapes   logits (N, classes, M, M), labels (N) of all images -> (N, 1, M, M)
/// Source   torchvision.models.detection.roi_heads.maskrcnn_inference
OPSIS_API torch::Tensor mask_probabilities(const torch::Tensor& logits, const torch::Tensor& labels);

/// How wrong the masks are, each beside the part of its target that its box shows. Of each image: the boxes, the targets' masks
/// and labels, and the number of each box's target.
/// Shapes   logits (N, classes, M, M), boxes (L, 4), masks (T, H, W), labels (T), matched (L) -> ()
/// Source   torchvision.models.detection.roi_heads.maskrcnn_loss
OPSIS_API torch::Tensor mask_loss(const torch::Tensor& logits, const std::vector<torch::Tensor>& boxes,
                                  const std::vector<torch::Tensor>& masks, const std::vector<torch::Tensor>& labels,
                                  const std::vector<torch::Tensor>& matched);

}  // namespace opsis::inline v1::models::detection
