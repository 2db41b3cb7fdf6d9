// Masks as tensors to run lengths and back; run_lengths.h has what can be done with those.
#pragma once

#include <torch/types.h>

#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/run_lengths.h"

namespace opsis::inline v1::io {

/// Shapes   (N, H, W) or (H, W), of any type: what is not 0 is in the mask
/// Throws   ValueError for other shapes
/// Source   pycocotools.mask.encode
OPSIS_API std::vector<RunLengths> encode_masks(const torch::Tensor& masks);

/// Shapes   (N, H, W) uint8 of 0 and 1; (0, 0, 0) of none
/// Throws   ValueError when the sizes differ, or runs do not add up to theirs
/// Source   pycocotools.mask.decode
OPSIS_API torch::Tensor decode_masks(const std::vector<RunLengths>& masks);

}  // namespace opsis::inline v1::io
