#include "opsis/transforms/functional/flip.h"

#include <ATen/ops/stack.h>

#include <numbers>

#include "opsis/transforms/functional/move_pixels.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::functional {

torch::Tensor horizontal_flip(const torch::Tensor& image) {
  detail::check_dims("horizontal_flip", image, 2);
  return detail::flipped(image, -1);
}

Image horizontal_flip(const Image& image) { return wrap(horizontal_flip(image.data), image); }
Video horizontal_flip(const Video& video) { return wrap(horizontal_flip(video.data), video); }
Mask horizontal_flip(const Mask& mask) { return wrap(horizontal_flip(mask.data), mask); }

BoundingBoxes horizontal_flip(const BoundingBoxes& boxes) {
  using enum BoundingBoxFormat;
  const auto c = boxes.data.unbind(-1);
  const auto mirrored = [&](const torch::Tensor& x) { return x.sub(boxes.canvas_size.width).neg(); };
  const auto with = [&](const std::vector<torch::Tensor>& numbers) { return wrap(at::stack(numbers, -1), boxes); };
  switch (boxes.format) {  // each in its own format and torchvision's order: a detour by XYXY would round
    case XYXY: return with({mirrored(c[2]), c[1], mirrored(c[0]), c[3]});
    case XYWH: return with({mirrored(c[0].add(c[2])), c[1], c[2], c[3]});
    case CXCYWH: return with({mirrored(c[0]), c[1], c[2], c[3]});
    case XYWHR: {
      const auto radians = detail::times(c[4], std::numbers::pi).div(180);
      return with({mirrored(c[0].add(c[2].mul(radians.cos()))), c[1].sub(c[2].mul(radians.sin())), c[2], c[3], c[4].neg()});
    }
    case CXCYWHR: return with({mirrored(c[0]), c[1], c[2], c[3], c[4].neg()});
    case XYXYXYXY:  // left and right corners change places
      return with({mirrored(c[2]), c[3], mirrored(c[0]), c[1], mirrored(c[6]), c[7], mirrored(c[4]), c[5]});
  }
  return boxes;
}

torch::Tensor vertical_flip(const torch::Tensor& image) {
  detail::check_dims("vertical_flip", image, 2);
  return detail::flipped(image, -2);
}

Image vertical_flip(const Image& image) { return wrap(vertical_flip(image.data), image); }
Video vertical_flip(const Video& video) { return wrap(vertical_flip(video.data), video); }
Mask vertical_flip(const Mask& mask) { return wrap(vertical_flip(mask.data), mask); }

BoundingBoxes vertical_flip(const BoundingBoxes& boxes) {
  using enum BoundingBoxFormat;
  const auto c = boxes.data.unbind(-1);
  const auto mirrored = [&](const torch::Tensor& y) { return y.sub(boxes.canvas_size.height).neg(); };
  const auto with = [&](const std::vector<torch::Tensor>& numbers) { return wrap(at::stack(numbers, -1), boxes); };
  switch (boxes.format) {  // as in horizontal_flip
    case XYXY: return with({c[0], mirrored(c[3]), c[2], mirrored(c[1])});
    case XYWH: return with({c[0], mirrored(c[1].add(c[3])), c[2], c[3]});
    case CXCYWH: return with({c[0], mirrored(c[1]), c[2], c[3]});
    case XYWHR: {
      const auto radians = detail::times(c[4], std::numbers::pi).div(180);
      return with(
          {c[0].add(c[2].mul(radians.cos())), mirrored(c[1].sub(c[2].mul(radians.sin()))), c[2], c[3], c[4].neg().add(180)});
    }
    case CXCYWHR: return with({c[0], mirrored(c[1]), c[2], c[3], c[4].neg().add(180)});
    case XYXYXYXY:  // left and right corners change places
      return with({c[2], mirrored(c[3]), c[0], mirrored(c[1]), c[6], mirrored(c[7]), c[4], mirrored(c[5])});
  }
  return boxes;
}

KeyPoints vertical_flip(const KeyPoints& points) {
  const auto y = points.data.select(-1, 1).sub(points.canvas_size.height - 1).neg();
  return wrap(at::stack({points.data.select(-1, 0), y}, -1), points);
}

KeyPoints horizontal_flip(const KeyPoints& points) {
  // Points name pixels, so the last one is at width - 1; the edges of boxes lie between pixels.
  const auto x = points.data.select(-1, 0).sub(points.canvas_size.width - 1).neg();
  return wrap(at::stack({x, points.data.select(-1, 1)}, -1), points);
}

}  // namespace opsis::inline v1::transforms::functional
