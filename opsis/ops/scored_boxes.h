// What operators ask of boxes that have scores and classes. For Opsis's own sources.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string_view>

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::ops::detail {

/// Throws   ValueError unless boxes are (N, numbers) and scores (N)
inline void check_scored_boxes(std::string_view where, const torch::Tensor& boxes, const torch::Tensor& scores,
                               int64_t numbers = 4) {
  using opsis::detail::shape;
  OPSIS_CHECK(boxes.defined() && boxes.dim() == 2 && boxes.size(1) == numbers, "{}: boxes must be (N, {}), got {}", where,
              numbers, shape(boxes));
  OPSIS_CHECK(scores.defined() && scores.dim() == 1 && scores.size(0) == boxes.size(0),
              "{}: scores must be ({},), a number for each box, got {}", where, boxes.size(0), shape(scores));
}

/// Throws   ValueError unless boxes are (N, 4) and scores (N), both float32 or both float64, on one device
inline void check_floating_scored_boxes(std::string_view where, const torch::Tensor& boxes, const torch::Tensor& scores) {
  check_scored_boxes(where, boxes, scores);
  const auto type = boxes.scalar_type();
  OPSIS_CHECK((type == torch::kFloat32 || type == torch::kFloat64) && scores.scalar_type() == type,
              "{}: boxes and scores must both be float32 or float64, got {} and {}", where, type, scores.scalar_type());
  OPSIS_CHECK(boxes.device() == scores.device(), "{}: boxes and scores must be on one device, got {} and {}", where,
              boxes.device(), scores.device());
}

/// Throws   ValueError unless classes are (N), with values where boxes have them
inline void check_classes(std::string_view where, const torch::Tensor& boxes, const torch::Tensor& idxs) {
  OPSIS_CHECK(idxs.defined() && idxs.dim() == 1 && idxs.size(0) == boxes.size(0),
              "{}: idxs must be ({},), a class for each box, got {}", where, boxes.size(0), opsis::detail::shape(idxs));
  OPSIS_CHECK(boxes.is_meta() || !idxs.is_meta(), "{}: idxs must have values, as boxes have, got them on {}", where,
              idxs.device());
}

}  // namespace opsis::inline v1::ops::detail
