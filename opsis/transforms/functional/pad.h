// Adding borders.
#pragma once

#include <torch/types.h>

#include <ostream>
#include <string_view>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/fill.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {

/// What a border shows, for a row 1 2 3 4 that is padded by two.
enum class PaddingMode {
  Constant,   ///< 0 0 1 2 3 4 0 0, with the fill for 0
  Edge,       ///< 1 1 1 2 3 4 4 4
  Reflect,    ///< 3 2 1 2 3 4 3 2
  Symmetric,  ///< 2 1 1 2 3 4 4 3
};

/// "constant", "edge", "reflect" or "symmetric"; the reverse throws ValueError for another word.
OPSIS_API std::string_view to_string(PaddingMode mode);
OPSIS_API PaddingMode padding_mode(std::string_view name);
OPSIS_API std::ostream& operator<<(std::ostream& out, PaddingMode mode);

namespace functional {

/// Pads by {all}, {left and right, top and bottom} or {left, top, right, bottom} pixels. A negative number cuts.
///     pad(image, {2}, 127)                              // (3, 8, 8) -> (3, 12, 12)
///     pad(image, {0, 1, 2, 3}, {}, PaddingMode::Reflect)   // (3, 8, 8) -> (3, 12, 10)
/// Shapes   (..., C, H, W) -> (..., C, H + top + bottom, W + left + right), masks (..., H, W); boxes and key points move with
///          their canvas, and boxes are clamped by their mode
/// Types    any number; the result has the same. Integers go by way of float32 for Edge and Reflect
/// Throws   ValueError when padding has not 1, 2 or 4 numbers, for a border that Reflect or Symmetric cannot fill from the
///          image, for more than one fill with another mode than Constant or for a mask, for a fill that the type does not
///          hold where a border is filled, and for boxes and key points with another mode than Constant
/// Source   torchvision.transforms.v2.functional.pad
OPSIS_API torch::Tensor pad(const torch::Tensor& image, torch::IntArrayRef padding, const Fill& fill = {},
                            PaddingMode padding_mode = PaddingMode::Constant);
OPSIS_API Image pad(const Image& image, torch::IntArrayRef padding, const Fill& fill = {},
                    PaddingMode padding_mode = PaddingMode::Constant);
OPSIS_API Video pad(const Video& video, torch::IntArrayRef padding, const Fill& fill = {},
                    PaddingMode padding_mode = PaddingMode::Constant);
OPSIS_API Mask pad(const Mask& mask, torch::IntArrayRef padding, const Fill& fill = {},
                   PaddingMode padding_mode = PaddingMode::Constant);
/// Boxes and key points have no use for the fill; it is there so that all kinds are called alike.
OPSIS_API BoundingBoxes pad(const BoundingBoxes& boxes, torch::IntArrayRef padding, const Fill& fill = {},
                            PaddingMode padding_mode = PaddingMode::Constant);
OPSIS_API KeyPoints pad(const KeyPoints& points, torch::IntArrayRef padding, const Fill& fill = {},
                        PaddingMode padding_mode = PaddingMode::Constant);

}  // namespace functional

namespace detail {

/// The borders of a picture, in pixels.
struct Borders {
  int64_t left, top, right, bottom;
};

/// What padding means to functional::pad; `where` begins the message.
Borders borders(std::string_view where, torch::IntArrayRef padding);

}  // namespace detail
}  // namespace opsis::inline v1::transforms
