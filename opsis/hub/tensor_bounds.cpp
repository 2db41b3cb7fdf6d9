#include "opsis/hub/tensor_bounds.h"

#include <algorithm>

#include "opsis/core/check.h"

namespace opsis::inline v1::hub {

std::string detail::why_out_of_bounds(int64_t offset, const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides,
                                      int64_t elements) {
  if (sizes.size() != strides.size()) return text("a tensor of {} sizes and {} strides", sizes.size(), strides.size());
  if (offset < 0) return "a tensor begins before its storage";
  int64_t count = 1, last = offset;
  bool overflow = false, empty = false;
  for (size_t i = 0; i < sizes.size(); ++i) {
    int64_t way = 0;
    empty |= sizes[i] == 0;
    overflow |= __builtin_mul_overflow(count, std::max<int64_t>(sizes[i], 1), &count);
    overflow |= __builtin_mul_overflow(std::max<int64_t>(sizes[i], 1) - 1, strides[i], &way);
    overflow |= __builtin_add_overflow(last, way, &last);
  }
  if (overflow) return "a tensor's shape overflows";
  if (!empty && last >= elements) return text("a tensor reaches to element {} of a storage of {}", last, elements);
  return {};
}

}  // namespace opsis::inline v1::hub
