// Changing the type and the range of numbers.
#pragma once

#include <torch/types.h>

#include <string_view>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {

/// Of functional::to_dtype and ToDtype.
struct ToDtypeOptions {
  /// Maps pixels from the range of the one type to that of the other: integers [0, max], floating point [0, 1].
  bool scale = false;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("scale", scale);
  }
};

/// Of functional::normalize and Normalize.
struct NormalizeOptions {
  bool inplace = false;  ///< writes into the input's memory

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("inplace", inplace);
  }
};

namespace functional {

/// Changes the type of numbers.
///     to_dtype(image, torch::kFloat32, {.scale = true})   // uint8 [0, 255] -> [0, 1]
/// Shapes   any; the result has the same
/// Memory   the input itself when it has the type already
/// Throws   ValueError with scale: from float32 to int32 or int64 and from float64 to int64, which cannot hold each number, and
///          between integer types when one of them is none of uint8, int8, int16, uint16, int32 and int64
/// Source   torchvision.transforms.v2.functional.to_dtype
OPSIS_API torch::Tensor to_dtype(const torch::Tensor& image, torch::ScalarType dtype = torch::kFloat32,
                                 const ToDtypeOptions& options = {});
OPSIS_API Image to_dtype(const Image& image, torch::ScalarType dtype = torch::kFloat32, const ToDtypeOptions& options = {});
OPSIS_API Video to_dtype(const Video& video, torch::ScalarType dtype = torch::kFloat32, const ToDtypeOptions& options = {});
/// Masks, boxes and key points are never scaled.
OPSIS_API Mask to_dtype(const Mask& mask, torch::ScalarType dtype = torch::kFloat32, const ToDtypeOptions& options = {});
OPSIS_API BoundingBoxes to_dtype(const BoundingBoxes& boxes, torch::ScalarType dtype = torch::kFloat32,
                                 const ToDtypeOptions& options = {});
OPSIS_API KeyPoints to_dtype(const KeyPoints& points, torch::ScalarType dtype = torch::kFloat32,
                             const ToDtypeOptions& options = {});

/// to_dtype that scales, by its older name.
/// Source   torchvision.transforms.v2.functional.convert_image_dtype
OPSIS_API torch::Tensor convert_image_dtype(const torch::Tensor& image, torch::ScalarType dtype = torch::kFloat32);

/// A tensor as an image; (H, W) becomes (1, H, W).
/// Memory   the tensor's own
/// Throws   ValueError for fewer than two dimensions
/// Source   torchvision.transforms.v2.functional.to_image, of tensors; packed.h has that of packed pictures
OPSIS_API Image to_image(const torch::Tensor& pixels);

/// (pixel - mean) / std, with a mean and a std for each channel, or one of each for all.
/// Shapes   (..., C, H, W); an image of one channel takes several means, and then has as many channels
/// Types    floating point; the result has the same
/// Throws   ValueError for other types, for a std of 0, and for numbers that are not as many as the channels
/// Source   torchvision.transforms.v2.functional.normalize
OPSIS_API torch::Tensor normalize(const torch::Tensor& image, torch::ArrayRef<double> mean, torch::ArrayRef<double> std,
                                  const NormalizeOptions& options = {});
OPSIS_API Image normalize(const Image& image, torch::ArrayRef<double> mean, torch::ArrayRef<double> std,
                          const NormalizeOptions& options = {});
OPSIS_API Video normalize(const Video& video, torch::ArrayRef<double> mean, torch::ArrayRef<double> std,
                          const NormalizeOptions& options = {});

/// normalize(to_dtype(image, torch::kFloat32, {.scale = true}), mean, std), of uint8 in one pass over the pixels.
///     to_normalized(image, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})
/// Shapes   (..., C, H, W); the result has the same, and the same layout in memory
/// Types    uint8, other integers of known range and floating point -> float32
/// Throws   as to_dtype and normalize
OPSIS_API torch::Tensor to_normalized(const torch::Tensor& image, torch::ArrayRef<double> mean, torch::ArrayRef<double> std);
OPSIS_API Image to_normalized(const Image& image, torch::ArrayRef<double> mean, torch::ArrayRef<double> std);
OPSIS_API Video to_normalized(const Video& video, torch::ArrayRef<double> mean, torch::ArrayRef<double> std);

}  // namespace functional

namespace detail {

/// The largest pixel of an integer type; 1 of floating point, and of the types that torchvision has no range for.
double largest_pixel(torch::ScalarType dtype);

/// The bits of an integer type, without that of the sign. Throws ValueError, in the words of the function `where`, for the types
/// that torchvision has no range for.
int64_t value_bits(std::string_view where, torch::ScalarType dtype);

}  // namespace detail
}  // namespace opsis::inline v1::transforms
