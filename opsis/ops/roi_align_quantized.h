// roi_align of quantized maps. For Opsis's own sources: roi_align.h is the front.
#pragma once

#include <torch/types.h>

#include "opsis/ops/region_ops.h"

namespace opsis::inline v1::ops::detail {

/// Throws ValueError unless both are quantized, per tensor, to one type, and input has one image.
torch::Tensor roi_align_quantized(const torch::Tensor& input, const torch::Tensor& rois, const Pooling& pooling);

}  // namespace opsis::inline v1::ops::detail
