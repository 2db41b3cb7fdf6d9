// Operators whose results depend on values in their size. For Opsis's own sources.
#pragma once

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

}  // namespace opsis::inline v1::ops::detail
