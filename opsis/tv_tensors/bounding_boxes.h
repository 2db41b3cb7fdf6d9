// Boxes on a canvas, upright or rotated.
#pragma once

#include <torch/types.h>

#include <optional>
#include <ostream>
#include <string_view>

#include "opsis/core/api.h"
#include "opsis/core/size.h"

namespace opsis::inline v1::tv_tensors {

/// How the numbers of a box are laid out. x runs to the right, y down, both in pixels; angles are in degrees,
/// counter-clockwise.
/// Source   torchvision.tv_tensors.BoundingBoxFormat
enum class BoundingBoxFormat {
  XYXY,      ///< left, top, right, bottom
  XYWH,      ///< left, top, width, height
  CXCYWH,    ///< centre, width, height
  XYWHR,     ///< top left corner, width, height, angle
  CXCYWHR,   ///< centre, width, height, angle
  XYXYXYXY,  ///< four corners: top left, top right, bottom right, bottom left
};

/// Whether boxes are cut at the canvas by transforms that may push them out of it.
enum class ClampingMode {
  None,  ///< never
  Soft,  ///< upright boxes are cut; rotated ones keep their shape where they can
  Hard,  ///< every coordinate is brought inside
};

/// Numbers a box: 4, or 5 with an angle, or 8 for four corners.
OPSIS_API int64_t box_numbers(BoundingBoxFormat format);
/// Source   torchvision.tv_tensors.is_rotated_bounding_format
OPSIS_API bool is_rotated_bounding_format(BoundingBoxFormat format);
/// "XYXY", ... ; the reverse throws ValueError for another word and takes any letter case, as torchvision does.
OPSIS_API std::string_view to_string(BoundingBoxFormat format);
OPSIS_API BoundingBoxFormat bounding_box_format(std::string_view name);
/// "none", "soft" or "hard"; empty for another number.
OPSIS_API std::string_view to_string(ClampingMode mode);
OPSIS_API std::ostream& operator<<(std::ostream& out, BoundingBoxFormat format);
OPSIS_API std::ostream& operator<<(std::ostream& out, ClampingMode mode);

/// N boxes: (N, K) with K numbers each, as the format says.
///     BoundingBoxes boxes(torch::tensor({{8., 4., 20., 16.}}), BoundingBoxFormat::XYXY, {32, 48});
/// Source   torchvision.tv_tensors.BoundingBoxes
struct OPSIS_API BoundingBoxes {
  torch::Tensor data;
  BoundingBoxFormat format = BoundingBoxFormat::XYXY;
  Size canvas_size{};
  ClampingMode clamping_mode = ClampingMode::Soft;

  BoundingBoxes() = default;
  /// One box (K) becomes (1, K). Throws ValueError for more than two dimensions, for a last one that is not what the format
  /// needs, and for rotated boxes that are not floating point.
  /// Differs  torchvision does not look at K
  BoundingBoxes(torch::Tensor data, BoundingBoxFormat format, Size canvas_size,
                ClampingMode clamping_mode = ClampingMode::Soft);
};

/// What `wrap` takes from its arguments instead of from `like`.
struct BoundingBoxesMetadata {
  std::optional<BoundingBoxFormat> format{};
  std::optional<Size> canvas_size{};
  std::optional<ClampingMode> clamping_mode{};
};

/// `data` as boxes with the metadata of `like`, but for what `changed` names.
/// Source   torchvision.tv_tensors.wrap
OPSIS_API BoundingBoxes wrap(torch::Tensor data, const BoundingBoxes& like, BoundingBoxesMetadata changed = {});

OPSIS_API std::ostream& operator<<(std::ostream& out, const BoundingBoxes& boxes);

}  // namespace opsis::inline v1::tv_tensors
