// Mirroring.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms::functional {

/// Mirrors left to right.
/// Shapes   pixels (..., H, W); boxes and key points turn with their canvas
/// Types    any; the result is always a new tensor of the same type
/// Throws   ValueError when the tensor has fewer than two dimensions
/// Source   torchvision.transforms.v2.functional.horizontal_flip
OPSIS_API torch::Tensor horizontal_flip(const torch::Tensor& image);
OPSIS_API Image horizontal_flip(const Image& image);
OPSIS_API Video horizontal_flip(const Video& video);
OPSIS_API Mask horizontal_flip(const Mask& mask);
OPSIS_API BoundingBoxes horizontal_flip(const BoundingBoxes& boxes);
OPSIS_API KeyPoints horizontal_flip(const KeyPoints& points);

}  // namespace opsis::inline v1::transforms::functional
