#include "opsis/tv_tensors/mask.h"

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::tv_tensors {

Mask::Mask(torch::Tensor tensor) : data(std::move(tensor)) {
  OPSIS_CHECK(data.defined() && data.dim() >= 2, "Mask: the tensor must be (..., H, W), got {}", detail::shape(data));
}

Mask wrap(torch::Tensor data, const Mask&) { return Mask(std::move(data)); }

std::ostream& operator<<(std::ostream& out, const Mask& mask) { return detail::print(out, "Mask", mask.data); }

}  // namespace opsis::inline v1::tv_tensors
