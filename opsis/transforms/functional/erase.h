// Overwriting a part.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/crop.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {

/// Of functional::erase and RandomErasing.
struct EraseOptions {
  bool inplace = false;  ///< writes into the input's memory
};

namespace functional {

/// Puts pixels in place of a region; what of the region lies beyond the image is left out, as in Python's slices.
///     erase(image, {.top = 2, .left = 3, .height = 8, .width = 8}, torch::zeros({1}))
/// Shapes   image (..., H, W), pixels as broadcast to the region: a number, (C, 1, 1), (C, height, width)
/// Types    any; pixels are converted to the image's
/// Throws   ValueError when pixels cannot be broadcast to the region
/// Source   torchvision.transforms.v2.functional.erase
OPSIS_API torch::Tensor erase(const torch::Tensor& image, Region region, const torch::Tensor& pixels,
                              const EraseOptions& options = {});
OPSIS_API Image erase(const Image& image, Region region, const torch::Tensor& pixels, const EraseOptions& options = {});
OPSIS_API Video erase(const Video& video, Region region, const torch::Tensor& pixels, const EraseOptions& options = {});

}  // namespace functional
}  // namespace opsis::inline v1::transforms
