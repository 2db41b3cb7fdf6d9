// Choosing among the frames of a video.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms::functional {

/// So many frames, evenly apart, from the first to the last; some more than once when the video has fewer.
/// Shapes   (..., T, C, H, W) -> (..., num_samples, C, H, W)
/// Types    any; the result has the same
/// Throws   ValueError for fewer than four dimensions, for a negative num_samples and for a video without frames
/// Source   torchvision.transforms.v2.functional.uniform_temporal_subsample
OPSIS_API torch::Tensor uniform_temporal_subsample(const torch::Tensor& video, int64_t num_samples);
OPSIS_API Video uniform_temporal_subsample(const Video& video, int64_t num_samples);

}  // namespace opsis::inline v1::transforms::functional
