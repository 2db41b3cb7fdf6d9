#include "opsis/transforms/functional/crop.h"

#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/transforms/functional/move_pixels.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::functional {
namespace {

Size crop_size(torch::IntArrayRef size) {
  OPSIS_CHECK(size.size() == 1 || size.size() == 2, "center_crop: size must have 1 or 2 numbers, got {}", size.size());
  return {size.front(), size.back()};
}

// Half of the difference, halves to the even number as Python rounds.
int64_t middle(int64_t whole, int64_t part) {
  return static_cast<int64_t>(std::nearbyint(static_cast<double>(whole - part) / 2.0));
}

Region middle_region(Size canvas, Size size) {
  return {middle(canvas.height, size.height), middle(canvas.width, size.width), size.height, size.width};
}

}  // namespace

torch::Tensor crop(const torch::Tensor& image, Region region) {
  detail::check_dims("crop", image, 2);
  const auto [top, left, height, width] = region;
  const int64_t h = image.size(-2), w = image.size(-1);
  const int64_t bottom = top + height, right = left + width;
  if (left >= 0 && top >= 0 && right <= w && bottom <= h) {
    return image.slice(-2, top, bottom).slice(-1, left, right);
  }
  detail::check_dims("crop", image, 3);
  const auto inside = image.slice(-2, std::max<int64_t>(top, 0), bottom).slice(-1, std::max<int64_t>(left, 0), right);
  return detail::pad_with_zeros(inside, {.left = std::max<int64_t>(std::min<int64_t>(right, 0) - left, 0),
                                         .top = std::max<int64_t>(std::min<int64_t>(bottom, 0) - top, 0),
                                         .right = std::max<int64_t>(right - std::max(w, left), 0),
                                         .bottom = std::max<int64_t>(bottom - std::max(h, top), 0)});
}

Image crop(const Image& image, Region region) { return wrap(crop(image.data, region), image); }
Video crop(const Video& video, Region region) { return wrap(crop(video.data, region), video); }

Mask crop(const Mask& mask, Region region) {
  detail::check_dims("crop", mask.data, 2);
  return wrap(detail::with_channel(mask.data, [&](const auto& image) { return crop(image, region); }), mask);
}

BoundingBoxes crop(const BoundingBoxes& boxes, Region region) {
  const Size canvas{region.height, region.width};
  auto moved = boxes.data - detail::shift(boxes.data, boxes.format, region.left, region.top);
  // Corners that are no rectangle become one, so that clamping finds right angles.
  if (boxes.format == BoundingBoxFormat::XYXYXYXY) moved = detail::rectangles(moved);
  return wrap(clamp_bounding_boxes(moved, boxes.format, canvas, boxes.clamping_mode), boxes, {.canvas_size = canvas});
}

KeyPoints crop(const KeyPoints& points, Region region) {
  const auto corner = at::tensor({region.left, region.top}, torch::kInt64).to(points.data.options());
  return wrap(points.data - corner, points, Size{region.height, region.width});
}

torch::Tensor center_crop(const torch::Tensor& image, torch::IntArrayRef size) {
  const auto wanted = crop_size(size);
  detail::check_dims("center_crop", image, 2);
  if (image.numel() == 0) {
    const auto shape = detail::shape_with(image, wanted);
    OPSIS_CHECK(c10::multiply_integers(shape) == 0, "center_crop: the image must not be empty, got {}",
                opsis::detail::shape(image));
    return image.reshape(shape);
  }
  auto padded = image;
  const int64_t tall = std::max<int64_t>(wanted.height - image.size(-2), 0);
  const int64_t wide = std::max<int64_t>(wanted.width - image.size(-1), 0);
  if (tall > 0 || wide > 0) {
    padded = detail::pad_with_zeros(image, {wide / 2, tall / 2, (wide + 1) / 2, (tall + 1) / 2});
    if (image.dim() == 4)
      padded = padded.contiguous(image.suggest_memory_format());  // torchvision's keeps it of a single one too
  }
  const auto region = middle_region({padded.size(-2), padded.size(-1)}, wanted);
  return padded.slice(-2, region.top, region.top + wanted.height).slice(-1, region.left, region.left + wanted.width);
}

Image center_crop(const Image& image, torch::IntArrayRef size) { return wrap(center_crop(image.data, size), image); }
Video center_crop(const Video& video, torch::IntArrayRef size) { return wrap(center_crop(video.data, size), video); }
Mask center_crop(const Mask& mask, torch::IntArrayRef size) { return wrap(center_crop(mask.data, size), mask); }

BoundingBoxes center_crop(const BoundingBoxes& boxes, torch::IntArrayRef size) {
  return crop(boxes, middle_region(boxes.canvas_size, crop_size(size)));
}

KeyPoints center_crop(const KeyPoints& points, torch::IntArrayRef size) {
  return crop(points, middle_region(points.canvas_size, crop_size(size)));
}

torch::Tensor resized_crop(const torch::Tensor& image, Region region, torch::IntArrayRef size,
                           const ResizedCropOptions& options) {
  return resize(crop(image, region), size, {.interpolation = options.interpolation, .antialias = options.antialias});
}

Image resized_crop(const Image& image, Region region, torch::IntArrayRef size, const ResizedCropOptions& options) {
  return wrap(resized_crop(image.data, region, size, options), image);
}

Video resized_crop(const Video& video, Region region, torch::IntArrayRef size, const ResizedCropOptions& options) {
  return wrap(resized_crop(video.data, region, size, options), video);
}

Mask resized_crop(const Mask& mask, Region region, torch::IntArrayRef size, const ResizedCropOptions&) {
  return resize(crop(mask, region), size);
}

BoundingBoxes resized_crop(const BoundingBoxes& boxes, Region region, torch::IntArrayRef size, const ResizedCropOptions&) {
  return resize(crop(boxes, region), size);
}

KeyPoints resized_crop(const KeyPoints& points, Region region, torch::IntArrayRef size, const ResizedCropOptions&) {
  return resize(crop(points, region), size);
}

}  // namespace opsis::inline v1::transforms::functional

namespace opsis::inline v1::transforms::detail {

functional::Region center_region_of_points(Size canvas, Size size) { return functional::middle_region(canvas, size); }

functional::Region center_region_of_pixels(Size canvas, Size size) {
  auto region = functional::middle_region(canvas, size);
  if (size.height > canvas.height) region.top = -((size.height - canvas.height) / 2);
  if (size.width > canvas.width) region.left = -((size.width - canvas.width) / 2);
  return region;
}

}  // namespace opsis::inline v1::transforms::detail
