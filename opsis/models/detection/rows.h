// Lists of tensors and maps as rows of one tensor. For Opsis's own sources.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::models::detection::detail {

/// What a convolution says of the anchors of each pixel, a row an anchor.
/// Shapes   (N, anchors * columns, H, W) -> (N, H * W * anchors, columns)
OPSIS_API torch::Tensor rows_of(const torch::Tensor& predictions, int64_t columns);

/// How many rows each has, for torch::split_with_sizes.
OPSIS_API std::vector<int64_t> row_counts(const std::vector<torch::Tensor>& tensors);

}  // namespace opsis::inline v1::models::detection::detail
