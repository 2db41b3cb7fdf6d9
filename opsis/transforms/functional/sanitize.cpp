#include "opsis/transforms/functional/sanitize.h"

#include "opsis/core/check.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::transforms::functional {

std::pair<torch::Tensor, torch::Tensor> sanitize_bounding_boxes(const torch::Tensor& boxes, BoundingBoxFormat format,
                                                                Size canvas_size, const SanitizeOptions& options) {
  const bool rotated = tv_tensors::is_rotated_bounding_format(format);
  const auto corners =
      convert_bounding_box_format(boxes, format, rotated ? BoundingBoxFormat::XYXYXYXY : BoundingBoxFormat::XYXY);
  OPSIS_CHECK(boxes.dim() == 2, "sanitize_bounding_boxes: the tensor must be (N, K), got {}", opsis::detail::shape(boxes));
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
    valid = valid & c[i].le(i % 2 == 0 ? canvas_size.width : canvas_size.height);
  }
  return {boxes.index({valid}), valid};
}

SanitizedBoundingBoxes sanitize_bounding_boxes(const BoundingBoxes& boxes, const SanitizeOptions& options) {
  const auto [kept, valid] = sanitize_bounding_boxes(boxes.data, boxes.format, boxes.canvas_size, options);
  return {wrap(kept, boxes), valid};
}

std::pair<torch::Tensor, torch::Tensor> sanitize_keypoints(const torch::Tensor& points, Size canvas_size) {
  OPSIS_CHECK(points.defined() && points.dim() >= 1 && points.size(-1) == 2,
              "sanitize_keypoints: the tensor must be (..., 2), got {}", opsis::detail::shape(points));
  const auto x = points.select(-1, 0), y = points.select(-1, 1);
  auto valid = x.ge(0) & x.lt(canvas_size.width) & y.ge(0) & y.lt(canvas_size.height);
  if (valid.dim() > 1) valid = valid.flatten(1).all(1);
  return {points.index({valid}), valid};
}

SanitizedKeyPoints sanitize_keypoints(const KeyPoints& points) {
  const auto [kept, valid] = sanitize_keypoints(points.data, points.canvas_size);
  return {wrap(kept, points), valid};
}

}  // namespace opsis::inline v1::transforms::functional
