// Cutting a part out.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms::functional {

/// Where to cut: rows [top, top + height), columns [left, left + width), in pixels. It may reach beyond the picture.
struct Region {
  int64_t top = 0;
  int64_t left = 0;
  int64_t height = 0;
  int64_t width = 0;
  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("top", top);
    visit("left", left);
    visit("height", height);
    visit("width", width);
  }
  friend bool operator==(const Region&, const Region&) = default;
};

/// Cuts a region out; what of it lies beyond the picture is 0.
/// Shapes   (..., H, W) -> (..., region.height, region.width); boxes are clamped by their mode, key points are not
/// Types    any; the result has the same
/// Memory   a view of the input when the region lies within it
/// Throws   ValueError when the tensor has fewer than two dimensions, three when the region reaches beyond it
/// Source   torchvision.transforms.v2.functional.crop
OPSIS_API torch::Tensor crop(const torch::Tensor& image, Region region);
OPSIS_API Image crop(const Image& image, Region region);
OPSIS_API Video crop(const Video& video, Region region);
OPSIS_API Mask crop(const Mask& mask, Region region);
OPSIS_API BoundingBoxes crop(const BoundingBoxes& boxes, Region region);
OPSIS_API KeyPoints crop(const KeyPoints& points, Region region);

/// Cuts {height, width} out of the middle (one number: a square); a side that is too short is first padded with 0.
///     center_crop(image, {224})   // (3, 256, 341) -> (3, 224, 224)
/// Shapes   (..., H, W) -> (..., height, width); boxes are clamped by their mode, key points are not
/// Types    any; the result has the same
/// Memory   a view of the input when nothing is padded
/// Throws   ValueError when size has not 1 or 2 numbers
/// Source   torchvision.transforms.v2.functional.center_crop
OPSIS_API torch::Tensor center_crop(const torch::Tensor& image, torch::IntArrayRef size);
OPSIS_API Image center_crop(const Image& image, torch::IntArrayRef size);
OPSIS_API Video center_crop(const Video& video, torch::IntArrayRef size);
OPSIS_API Mask center_crop(const Mask& mask, torch::IntArrayRef size);
OPSIS_API BoundingBoxes center_crop(const BoundingBoxes& boxes, torch::IntArrayRef size);
OPSIS_API KeyPoints center_crop(const KeyPoints& points, torch::IntArrayRef size);

/// Of functional::resized_crop; as in ResizeOptions.
struct ResizedCropOptions {
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  bool antialias = true;
};

/// crop, then resize to the size.
/// Shapes   (..., C, H, W) -> (..., C, height, width)
/// Throws   as crop and resize
/// Source   torchvision.transforms.v2.functional.resized_crop
OPSIS_API torch::Tensor resized_crop(const torch::Tensor& image, Region region, torch::IntArrayRef size,
                                     const ResizedCropOptions& options = {});
OPSIS_API Image resized_crop(const Image& image, Region region, torch::IntArrayRef size,
                             const ResizedCropOptions& options = {});
OPSIS_API Video resized_crop(const Video& video, Region region, torch::IntArrayRef size,
                             const ResizedCropOptions& options = {});
/// Masks are resized by nearest, whatever the options say.
OPSIS_API Mask resized_crop(const Mask& mask, Region region, torch::IntArrayRef size, const ResizedCropOptions& options = {});
OPSIS_API BoundingBoxes resized_crop(const BoundingBoxes& boxes, Region region, torch::IntArrayRef size,
                                     const ResizedCropOptions& options = {});
OPSIS_API KeyPoints resized_crop(const KeyPoints& points, Region region, torch::IntArrayRef size,
                                 const ResizedCropOptions& options = {});

}  // namespace opsis::inline v1::transforms::functional

namespace opsis::inline v1::transforms::detail {

/// Where center_crop cuts pixels (of what is too small it begins before the picture), and where it cuts boxes and key points:
/// the two part by one pixel where a border is odd, as in torchvision.
functional::Region center_region_of_pixels(Size canvas, Size size);
functional::Region center_region_of_points(Size canvas, Size size);

}  // namespace opsis::inline v1::transforms::detail
