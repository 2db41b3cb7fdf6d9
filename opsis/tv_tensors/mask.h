// Segmentation and detection masks.
#pragma once

#include <torch/types.h>

#include <ostream>

#include "opsis/core/api.h"

namespace opsis::inline v1::tv_tensors {

/// Masks: (..., H, W); boolean or class numbers. Geometry moves them without blending: nearest neighbour, padded with the fill
/// of the transform, as images are, unless it names one for masks; 0 where none is given.
/// Source   torchvision.tv_tensors.Mask
struct OPSIS_API Mask {
  torch::Tensor data;

  Mask() = default;
  /// Throws ValueError when the tensor has fewer than two dimensions.
  /// Differs  torchvision accepts any tensor here and fails in the first transform
  explicit Mask(torch::Tensor data);
};

/// `data` as a mask.
/// Source   torchvision.tv_tensors.wrap
OPSIS_API Mask wrap(torch::Tensor data, const Mask& like);

OPSIS_API std::ostream& operator<<(std::ostream& out, const Mask& mask);

}  // namespace opsis::inline v1::tv_tensors
