#include "opsis/transforms/functional/flip.h"

#include <ATen/ops/stack.h>

#include <numbers>

#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::functional {

torch::Tensor horizontal_flip(const torch::Tensor& image) {
  detail::check_dims("horizontal_flip", image, 2);
  return image.flip(-1);
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

KeyPoints horizontal_flip(const KeyPoints& points) {
  // Points name pixels, so the last one is at width - 1; the edges of boxes lie between pixels.
  const auto x = points.data.select(-1, 0).sub(points.canvas_size.width - 1).neg();
  return wrap(at::stack({x, points.data.select(-1, 1)}, -1), points);
}

}  // namespace opsis::inline v1::transforms::functional
