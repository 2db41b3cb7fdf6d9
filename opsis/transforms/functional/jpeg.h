// The losses of JPEG.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms::functional {

/// What encode_jpeg and decode_jpeg leave of an image; of a batch or a video, of each.
///     jpeg(image, 75)
/// Shapes   (..., 1 or 3, H, W); the result has the same
/// Types    uint8
/// Throws   ValueError for another image and for a quality outside [1, 100]; NotBuiltError without libjpeg
/// Source   torchvision.transforms.v2.functional.jpeg
OPSIS_API torch::Tensor jpeg(const torch::Tensor& image, int64_t quality);
OPSIS_API Image jpeg(const Image& image, int64_t quality);
OPSIS_API Video jpeg(const Video& video, int64_t quality);

}  // namespace opsis::inline v1::transforms::functional
