#include "opsis/datasets/dataset.h"

#include "opsis/core/check.h"

namespace opsis::inline v1::datasets {

void detail::check_index(std::string_view dataset, size_t index, size_t size) {
  OPSIS_CHECK(index < size, "{}: index must be below {}, got {}", dataset, size, index);
}

}  // namespace opsis::inline v1::datasets
