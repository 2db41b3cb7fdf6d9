#include "opsis/transforms/functional/resize.h"

#include <ATen/Version.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/transforms/functional/resize_pixels.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms {
namespace {

// a * b / c as Python computes it: a true division, cut to an integer.
int64_t scaled(int64_t a, int64_t b, int64_t c) {
  const double out = static_cast<double>(a) * static_cast<double>(b) / static_cast<double>(c);
  OPSIS_CHECK(std::abs(out) < 0x1p63, "resize: the new size must fit 64 bits, got {} * {} / {}", a, b, c);
  return static_cast<int64_t>(out);
}

// ATen blends uint8 in integers, which is fast where it is vectorised: torchvision takes that path exactly there, and the two
// paths differ in some pixels by one level.
bool resizes_uint8_itself(InterpolationMode mode) {
  static const bool vectorised = [] {
#if defined(__aarch64__)
    return true;
#else
    const auto capability = at::get_cpu_capability();
    return capability == "AVX2" || capability == "AVX512";
#endif
  }();
  switch (mode) {
    case InterpolationMode::BILINEAR: return vectorised;
    case InterpolationMode::BICUBIC:
    case InterpolationMode::LANCZOS: return true;
    default: return false;
  }
}

bool is_nearest(InterpolationMode mode) {
  return mode == InterpolationMode::NEAREST || mode == InterpolationMode::NEAREST_EXACT;
}

bool resizes_as_is(const torch::Tensor& image, InterpolationMode mode) {
  switch (image.scalar_type()) {
    case torch::kFloat32:
    case torch::kFloat64: return true;
    case torch::kUInt8: return is_nearest(mode) || (image.device().is_cpu() && resizes_uint8_itself(mode));
    default: return false;
  }
}

// A single channels-last image as a batch of one has an ambiguous stride in its first dimension, and ATen then writes a
// contiguous result, at the price of a copy (pytorch/pytorch#68430). With the stride that a batch would have, it does not.
torch::Tensor unambiguously_channels_last(const torch::Tensor& images) {
  if (images.size(0) != 1 || images.stride(0) == images.numel() || !images.is_contiguous(torch::MemoryFormat::ChannelsLast)) {
    return images;
  }
  auto strides = images.strides().vec();
  strides[0] = images.numel();
  return images.as_strided(images.sizes(), strides);
}

// The factors that coordinates on a canvas are multiplied by: (x, y) `pairs` times.
torch::Tensor ratios(Size from, Size to, int64_t pairs, torch::Device device) {
  const auto x = static_cast<double>(to.width) / static_cast<double>(from.width);
  const auto y = static_cast<double>(to.height) / static_cast<double>(from.height);
  return at::tensor({x, y}, torch::dtype(torch::kFloat32).device(device)).repeat({pairs});
}

void check_canvas(Size canvas) {
  OPSIS_CHECK(canvas.height > 0 && canvas.width > 0, "resize: the canvas must not be empty, got {}", canvas);
}

// Where a pixel of interleaved ones has more than a dozen taps: 0.55 ms against 0.99 for 1024x768 to 224. The pixels are the same.
bool aten_is_quicker(const torch::Tensor& images, Size size, const ResizeOptions& options) {
  return options.interpolation == InterpolationMode::BICUBIC && options.antialias && images.size(1) > 1 &&
         images.stride(1) == 1 && images.size(3) > 3 * size.width;
}

}  // namespace

bool detail::resizes_bytes(InterpolationMode mode) { return resizes_uint8_itself(mode); }

Size detail::resized_size(Size canvas, torch::IntArrayRef size, std::optional<int64_t> max_size) {
  OPSIS_CHECK(size.size() <= 2, "resize: size must have 1 or 2 numbers, got {}", size.size());
  if (size.size() == 2) {
    OPSIS_CHECK(!max_size, "resize: max_size goes with a size of one number, the shorter side, got 2");
    return {size[0], size[1]};
  }
  OPSIS_CHECK(!size.empty() || max_size, "resize: without a size, max_size must be given");
  OPSIS_CHECK(canvas.height > 0 && canvas.width > 0, "resize: an empty image has no ratio to keep, got {}", canvas);
  const int64_t shorter = std::min(canvas.height, canvas.width);
  const int64_t longer = std::max(canvas.height, canvas.width);

  int64_t new_shorter, new_longer;
  if (size.empty()) {
    new_shorter = scaled(*max_size, shorter, longer);
    new_longer = *max_size;
  } else {
    new_shorter = size[0];
    new_longer = scaled(size[0], longer, shorter);
    OPSIS_CHECK(!max_size || *max_size > size[0], "resize: max_size must be above the shorter side {}, got {}", size[0],
                max_size.value_or(0));
    if (max_size && new_longer > *max_size) {
      new_shorter = scaled(*max_size, new_shorter, new_longer);
      new_longer = *max_size;
    }
  }
  return canvas.width <= canvas.height ? Size{new_longer, new_shorter} : Size{new_shorter, new_longer};
}

namespace functional {

torch::Tensor resize(const torch::Tensor& image, torch::IntArrayRef size, const ResizeOptions& options) {
  detail::check_dims("resize", image, 3);
  const Size old_size{image.size(-2), image.size(-1)};
  const auto mode = options.interpolation;
  OPSIS_CHECK(mode != InterpolationMode::LANCZOS || options.antialias, "resize: lanczos needs antialias");

  const auto new_size = detail::resized_size(old_size, size, options.max_size);
  if (new_size == old_size) return image;
  const auto new_shape = detail::shape_with(image, new_size);
  if (image.numel() == 0) {
    OPSIS_CHECK(c10::multiply_integers(new_shape) == 0, "resize: the image must not be empty, got {}",
                opsis::detail::shape(image));
    return image.reshape(new_shape);
  }

  const auto type = image.scalar_type();
  auto pixels = image.reshape({-1, image.size(-3), old_size.height, old_size.width});
  const bool by_float = !resizes_as_is(image, mode);
  if ((!by_float || is_nearest(mode)) && !aten_is_quicker(pixels, new_size, options)) {
    if (const auto resized = detail::resize_pixels(pixels, new_size, mode, options.antialias))
      return resized->reshape(new_shape);
  }
  pixels = unambiguously_channels_last(pixels);
  if (by_float) pixels = pixels.to(torch::kFloat32);
  pixels = detail::interpolate("resize", pixels, new_size, mode, options.antialias);
  if (by_float) {
    // Bicubic and lanczos overshoot at edges.
    if (type == torch::kUInt8 && (mode == InterpolationMode::BICUBIC || mode == InterpolationMode::LANCZOS)) {
      pixels.clamp_(0, 255);
    }
    // uint16 and wider unsigned types are cut, not rounded: torchvision's list ends at int64.
    switch (type) {
      case torch::kUInt8:
      case torch::kInt8:
      case torch::kInt16:
      case torch::kInt32:
      case torch::kInt64: pixels.round_(); break;
      default: break;
    }
    pixels = pixels.to(type);
  }
  return pixels.reshape(new_shape);
}

Image resize(const Image& image, torch::IntArrayRef size, const ResizeOptions& options) {
  return wrap(resize(image.data, size, options), image);
}

Video resize(const Video& video, torch::IntArrayRef size, const ResizeOptions& options) {
  return wrap(resize(video.data, size, options), video);
}

Mask resize(const Mask& mask, torch::IntArrayRef size, const ResizeOptions& options) {
  detail::check_dims("resize", mask.data, 2);
  auto unblended = options;
  if (!is_nearest(options.interpolation)) unblended.interpolation = InterpolationMode::NEAREST;
  return wrap(detail::with_channel(mask.data, [&](const auto& image) { return resize(image, size, unblended); }), mask);
}

BoundingBoxes resize(const BoundingBoxes& boxes, torch::IntArrayRef size, const ResizeOptions& options) {
  const auto canvas = detail::resized_size(boxes.canvas_size, size, options.max_size);
  if (canvas == boxes.canvas_size) return boxes;
  check_canvas(boxes.canvas_size);
  const auto type = boxes.data.scalar_type();
  if (!tv_tensors::is_rotated_bounding_format(boxes.format)) {
    const auto scale = ratios(boxes.canvas_size, canvas, 2, boxes.data.device());
    return wrap(boxes.data.mul(scale).to(type), boxes, {.canvas_size = canvas});
  }

  const auto scale = ratios(boxes.canvas_size, canvas, 4, boxes.data.device());
  const auto corners = convert_bounding_box_format(boxes.data, boxes.format, BoundingBoxFormat::XYXYXYXY).reshape({-1, 8});
  auto moved = detail::rectangles(corners.mul(scale));
  moved = clamp_bounding_boxes(moved, BoundingBoxFormat::XYXYXYXY, canvas, boxes.clamping_mode);
  moved = convert_bounding_box_format(moved, BoundingBoxFormat::XYXYXYXY, boxes.format);
  return wrap(moved.to(type).reshape(boxes.data.sizes()), boxes, {.canvas_size = canvas});
}

KeyPoints resize(const KeyPoints& points, torch::IntArrayRef size, const ResizeOptions& options) {
  const auto canvas = detail::resized_size(points.canvas_size, size, options.max_size);
  if (canvas == points.canvas_size) return points;
  check_canvas(points.canvas_size);
  const auto scale = ratios(points.canvas_size, canvas, 1, points.data.device());
  return wrap(points.data.mul(scale).to(points.data.scalar_type()), points, canvas);
}

}  // namespace functional
}  // namespace opsis::inline v1::transforms
