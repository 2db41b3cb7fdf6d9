// Resizing.
#pragma once

#include <torch/types.h>

#include <optional>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {

/// Of functional::resize and Resize.
struct ResizeOptions {
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  std::optional<int64_t> max_size{};  ///< of the longer side, in pixels
  bool antialias = true;              ///< for bilinear, bicubic and lanczos; the others have none

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("interpolation", interpolation);
    visit("max_size", max_size);
    visit("antialias", antialias);
  }
};

namespace functional {

/// Resizes to {height, width}; one number is the length of the shorter side, and the longer one follows, cut at max_size.
/// An empty size (torchvision's None) makes the longer side max_size.
///     resize(image, {256})                        // (3, 375, 500) -> (3, 256, 341)
///     resize(image, {224, 224}, {.antialias = false})
///     resize(image, {}, {.max_size = 100})        // (3, 375, 500) -> (3, 75, 100)
/// Shapes   (..., C, H, W) -> (..., C, height, width), masks (..., H, W); boxes and key points follow with their canvas
/// Types    any number; the result has the same. On the CPU uint8 is blended as such, in integers, for bilinear (with AVX2 or
///          NEON), bicubic and lanczos; the other types but float32 and float64 by way of float32, rounded for integers
/// Memory   channels-last input gives a channels-last result; a value that has the size already comes back as it is
/// Throws   ValueError when size has more than two numbers or is not positive, for max_size beside two numbers or not above
///          the shorter side, for lanczos without antialias, and for the modes that only Pillow has
/// Source   torchvision.transforms.v2.functional.resize
OPSIS_API torch::Tensor resize(const torch::Tensor& image, torch::IntArrayRef size, const ResizeOptions& options = {});
OPSIS_API Image resize(const Image& image, torch::IntArrayRef size, const ResizeOptions& options = {});
OPSIS_API Video resize(const Video& video, torch::IntArrayRef size, const ResizeOptions& options = {});
/// Masks are never blended: every mode but nearest-exact is nearest.
OPSIS_API Mask resize(const Mask& mask, torch::IntArrayRef size, const ResizeOptions& options = {});
/// Rotated boxes that a change of ratio makes parallelograms become rectangles again, and are clamped by their mode.
OPSIS_API BoundingBoxes resize(const BoundingBoxes& boxes, torch::IntArrayRef size, const ResizeOptions& options = {});
OPSIS_API KeyPoints resize(const KeyPoints& points, torch::IntArrayRef size, const ResizeOptions& options = {});

}  // namespace functional

namespace detail {

/// What resize makes of a canvas; size and max_size as there.
Size resized_size(Size canvas, torch::IntArrayRef size, std::optional<int64_t> max_size);

/// Whether uint8 on the CPU is blended as such, in integers.
bool resizes_bytes(InterpolationMode mode);

}  // namespace detail
}  // namespace opsis::inline v1::transforms
