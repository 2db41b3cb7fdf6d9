// Operators whose results depend on values in their size. For Opsis's own sources.
#pragma once

#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/types.h>

#include <string_view>

#include "opsis/core/check.h"

namespace opsis::inline v1::ops::detail {

/// Refuses boxes of which some are to stay, when nothing but their shape is known.
/// Throws   ValueError for tensors of the meta device
inline void need_values(std::string_view where, const torch::Tensor& boxes) {
  OPSIS_CHECK(!boxes.is_meta(), "{}: how many boxes stay depends on their values, which tensors of the meta device have not",
              where);
}

/// Refuses to be recorded: the numbers that it reads beside LibTorch's operations would be those of all later inputs.
/// Throws   ValueError while torch::jit traces
inline void need_no_trace(std::string_view where) {
  OPSIS_CHECK(!torch::jit::tracer::isTracing(), "{}: it cannot be traced, for its result depends on values; call it untraced",
              where);
}

}  // namespace opsis::inline v1::ops::detail
