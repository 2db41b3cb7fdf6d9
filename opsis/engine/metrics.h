// How good predictions are.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::engine {

/// How many of a batch have their label among the k highest scores, for each k.
/// Shapes   scores (N, classes) floating point, labels (N) int64 -> one count a k
/// Throws   ValueError when a k is below 1 or above the number of classes
OPSIS_API std::vector<int64_t> correct_within(const torch::Tensor& scores, const torch::Tensor& labels,
                                              const std::vector<int64_t>& k);

}  // namespace opsis::inline v1::engine
