#include "opsis/transforms/functional/sanitize.h"

#include "opsis/transforms/functional/boxes.h"

namespace opsis::inline v1::transforms::functional {

SanitizedBoundingBoxes sanitize_bounding_boxes(const BoundingBoxes& boxes, const SanitizeOptions& options) {
  const bool rotated = tv_tensors::is_rotated_bounding_format(boxes.format);
  const auto format = rotated ? BoundingBoxFormat::XYXYXYXY : BoundingBoxFormat::XYXY;
  const auto corners = convert_bounding_box_format(boxes.data, boxes.format, format);
  const auto c = corners.unbind(-1);
  torch::Tensor widths, heights;
  if (rotated) {
    const auto length = [](const torch::Tensor& dx, const torch::Tensor& dy) { return (dx.pow(2) + dy.pow(2)).sqrt(); };
    widths = length(c[0] - c[2], c[1] - c[3]);
    // torchvision takes y for x here: of a box that is not a square the length is not that of its second side.
    heights = length(c[3] - c[5], c[4] - c[6]);
  } else {
    widths = c[2] - c[0];
    heights = c[3] - c[1];
  }
  auto valid = widths.ge(options.min_size) & heights.ge(options.min_size) & corners.ge(0).all(-1) &
               (widths * heights).ge(options.min_area);
  for (size_t i = 0; i < c.size(); ++i) {
    valid = valid & c[i].le(i % 2 == 0 ? boxes.canvas_size.width : boxes.canvas_size.height);
  }
  return {wrap(boxes.data.index({valid}), boxes), valid};
}

SanitizedKeyPoints sanitize_keypoints(const KeyPoints& points) {
  const auto x = points.data.select(-1, 0), y = points.data.select(-1, 1);
  auto valid = x.ge(0) & x.lt(points.canvas_size.width) & y.ge(0) & y.lt(points.canvas_size.height);
  if (valid.dim() > 1) valid = valid.flatten(1).all(1);
  return {wrap(points.data.index({valid}), points), valid};
}

}  // namespace opsis::inline v1::transforms::functional
