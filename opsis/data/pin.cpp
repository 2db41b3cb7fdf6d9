#include "opsis/data/pin.h"

#include <ATen/Context.h>

namespace opsis::inline v1::data::detail {

bool can_pin() { return at::hasCUDA(); }

torch::Tensor pinned(const torch::Tensor& tensor) {
  if (!tensor.defined() || !tensor.device().is_cpu() || tensor.layout() != at::kStrided || tensor.is_pinned()) return tensor;
  return tensor.pin_memory();
}

}  // namespace opsis::inline v1::data::detail
