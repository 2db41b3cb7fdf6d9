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

/// Mirrors top to bottom; all else as horizontal_flip.
/// Source   torchvision.transforms.v2.functional.vertical_flip
OPSIS_API torch::Tensor vertical_flip(const torch::Tensor& image);
OPSIS_API Image vertical_flip(const Image& image);
OPSIS_API Video vertical_flip(const Video& video);
OPSIS_API Mask vertical_flip(const Mask& mask);
OPSIS_API BoundingBoxes vertical_flip(const BoundingBoxes& boxes);
OPSIS_API KeyPoints vertical_flip(const KeyPoints& points);

/// Short names of the two.
/// Source   torchvision.transforms.v2.functional.hflip, vflip
template <class Value>
auto hflip(const Value& value) {
  return horizontal_flip(value);
}
template <class Value>
auto vflip(const Value& value) {
  return vertical_flip(value);
}

}  // namespace opsis::inline v1::transforms::functional
