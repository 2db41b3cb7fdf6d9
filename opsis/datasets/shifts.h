// Vectors that belong to pixels, on their way through transforms. For examples of flow and stereo.
#pragma once

#include <torch/types.h>

#include <optional>
#include <string_view>
#include <tuple>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::datasets::detail {

// What transforms see in their place: values of torchvision's kinds, so that each transform can move them. Places are numbers of
// pixels, a byte in each channel, which are the same in whatever type a transform gives masks.
struct Shifts {
  Mask places;       // (6, H, W): four bytes of a pixel's number, then 1 and 0; where a transform fills in, those two are alike
  KeyPoints points;  // what becomes of them tells what becomes of vectors
  torch::Tensor unmoved;  // what places began as
  auto fields() { return std::tie(places, points); }
};

// Of vectors (..., C, H, W) and, if that is defined, where they are valid, (..., H, W). None without vectors.
// Throws   ValueError, which begins with `where`, for other shapes
OPSIS_API std::optional<Shifts> shifts_of(std::string_view where, const torch::Tensor& vectors, const torch::Tensor& valid);

// Sets flow (..., 2, H, W) to what it has become; given is what it was. `valid` stays undefined when it is.
// Throws   ValueError, which begins with `where`, when pixels were moved by no affine map
OPSIS_API void set_flow(std::string_view where, const std::optional<Shifts>& moved, torch::Tensor& flow, torch::Tensor& valid);

// The same of disparities (..., 1, H, W), by which things lie further left in the right picture.
// Throws   ValueError as set_flow, and when the picture was mirrored from left to right or turned
OPSIS_API void set_disparity(std::string_view where, const std::optional<Shifts>& moved, torch::Tensor& disparity,
                             torch::Tensor& valid);

}  // namespace opsis::inline v1::datasets::detail
