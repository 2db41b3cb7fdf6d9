// Optical flow as colours.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"

namespace opsis::inline v1::utils {

/// Flow as an image: the direction is the hue, the length, as a part of the longest of all, the saturation.
///     auto shown = Image(utils::flow_to_image(flow));   // (2, 436, 1024) float32 -> (3, 436, 1024) uint8
/// Shapes   (N, 2, H, W) -> (N, 3, H, W), (2, H, W) -> (3, H, W)
/// Types    float32 -> uint8
/// Throws   ValueError on another shape or type, and when there is no number in it
/// Paper    Baker et al., A Database and Evaluation Methodology for Optical Flow, ICCV 2007
/// Source   torchvision.utils.flow_to_image
OPSIS_API torch::Tensor flow_to_image(const torch::Tensor& flow);

}  // namespace opsis::inline v1::utils
