#include "opsis/tv_tensors/key_points.h"

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::tv_tensors {

KeyPoints::KeyPoints(torch::Tensor tensor, Size canvas_size) : data(std::move(tensor)), canvas_size(canvas_size) {
  OPSIS_CHECK(data.defined() && data.dim() >= 1 && data.size(-1) == 2, "KeyPoints: the tensor must be (..., 2), got {}",
              detail::shape(data));
  if (data.dim() == 1) data = data.unsqueeze(0);
}

KeyPoints wrap(torch::Tensor data, const KeyPoints& like, std::optional<Size> canvas_size) {
  return KeyPoints(std::move(data), canvas_size.value_or(like.canvas_size));
}

std::ostream& operator<<(std::ostream& out, const KeyPoints& points) {
  return detail::print(out, "KeyPoints", points.data, text("canvas_size={}", points.canvas_size));
}

}  // namespace opsis::inline v1::tv_tensors
