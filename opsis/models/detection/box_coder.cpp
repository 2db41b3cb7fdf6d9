#include "opsis/models/detection/box_coder.h"

#include <torch/torch.h>

#include "opsis/models/detection/rows.h"

namespace opsis::inline v1::models::detection {
namespace box_coding {

using torch::Tensor;

// Columns (..., 1) of boxes, as the two coders want them.
struct Sides {
  Tensor width, height, center_x, center_y;

  explicit Sides(const Tensor& boxes) {
    const auto c = boxes.split(1, -1);
    width = c[2] - c[0];
    height = c[3] - c[1];
    center_x = c[0] + 0.5 * width;
    center_y = c[1] + 0.5 * height;
  }
};

// The middle as half a sum, which rounds otherwise than Sides does.
std::pair<Tensor, Tensor> middle(const Tensor& boxes) {
  const auto c = boxes.unbind(-1);
  return {0.5 * (c[0] + c[2]), 0.5 * (c[1] + c[3])};
}

Tensor doubled_size(const Tensor& boxes) {
  const auto size = boxes.slice(-1, 2, 4) - boxes.slice(-1, 0, 2);
  return torch::cat({size, size}, -1);
}

}  // namespace box_coding

using torch::Tensor;

Tensor BoxCoder::encode_single(const Tensor& reference_boxes, const Tensor& proposals) const {
  const box_coding::Sides from(proposals), to(reference_boxes);
  return torch::cat(
      {weights[0] * (to.center_x - from.center_x) / from.width, weights[1] * (to.center_y - from.center_y) / from.height,
       weights[2] * torch::log(to.width / from.width), weights[3] * torch::log(to.height / from.height)},
      1);
}

std::vector<Tensor> BoxCoder::encode(const std::vector<Tensor>& reference_boxes, const std::vector<Tensor>& proposals) const {
  return encode_single(torch::cat(reference_boxes), torch::cat(proposals))
      .split_with_sizes(detail::row_counts(reference_boxes));
}

Tensor BoxCoder::decode_single(const Tensor& rel_codes, const Tensor& boxes) const {
  const box_coding::Sides from(boxes.to(rel_codes.scalar_type()));
  const auto codes = rel_codes.reshape({rel_codes.size(0), rel_codes.size(1) / 4, 4}).unbind(-1);
  const auto center_x = codes[0] / weights[0] * from.width + from.center_x;
  const auto center_y = codes[1] / weights[1] * from.height + from.center_y;
  const auto half = [&](const Tensor& code, double weight, const Tensor& side) {
    return 0.5 * (torch::exp((code / weight).clamp_max(bbox_xform_clip)) * side);
  };
  const auto half_width = half(codes[2], weights[2], from.width), half_height = half(codes[3], weights[3], from.height);
  return torch::stack({center_x - half_width, center_y - half_height, center_x + half_width, center_y + half_height}, 2)
      .flatten(1);
}

Tensor BoxCoder::decode(const Tensor& rel_codes, const std::vector<Tensor>& boxes) const {
  const auto all = torch::cat(boxes);
  const auto count = all.size(0), of_each = count > 0 ? rel_codes.numel() / (4 * count) : rel_codes.size(-1) / 4;
  return decode_single(rel_codes.reshape({count, of_each * 4}), all).view({count, of_each, 4});
}

Tensor BoxLinearCoder::encode(const Tensor& reference_boxes, const Tensor& proposals) const {
  const auto [x, y] = box_coding::middle(reference_boxes);
  const auto sides = proposals.unbind(-1);
  const auto distances = torch::stack({x - sides[0], y - sides[1], sides[2] - x, sides[3] - y}, -1);
  return normalize_by_size ? distances / box_coding::doubled_size(reference_boxes) : distances;
}

Tensor BoxLinearCoder::decode(const Tensor& rel_codes, const Tensor& boxes) const {
  const auto from = boxes.to(rel_codes.scalar_type());
  const auto [x, y] = box_coding::middle(from);
  const auto distances = (normalize_by_size ? rel_codes * box_coding::doubled_size(from) : rel_codes).unbind(-1);
  return torch::stack({x - distances[0], y - distances[1], x + distances[2], y + distances[3]}, -1);
}

}  // namespace opsis::inline v1::models::detection
