// Points on a canvas: joints, landmarks, polygons.
#pragma once

#include <torch/types.h>

#include <optional>
#include <ostream>

#include "opsis/core/api.h"
#include "opsis/core/size.h"

namespace opsis::inline v1::tv_tensors {

/// Points (..., 2) as x (to the right) and y (down), in pixels.
/// Source   torchvision.tv_tensors.KeyPoints
struct OPSIS_API KeyPoints {
  torch::Tensor data;
  Size canvas_size{};

  KeyPoints() = default;
  /// One point (2) becomes (1, 2). Throws ValueError unless the last dimension is 2.
  KeyPoints(torch::Tensor data, Size canvas_size);
};

/// `data` as key points on the canvas of `like`, or on the one named.
/// Source   torchvision.tv_tensors.wrap
OPSIS_API KeyPoints wrap(torch::Tensor data, const KeyPoints& like, std::optional<Size> canvas_size = {});

OPSIS_API std::ostream& operator<<(std::ostream& out, const KeyPoints& points);

}  // namespace opsis::inline v1::tv_tensors
