#include "opsis/utils/drawable.h"

#include <torch/torch.h>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/type.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::utils::detail {

void check_drawable(std::string_view where, const Image& image, bool gray_is_fine) {
  const auto& data = image.data;
  OPSIS_CHECK(data.defined() && data.dim() == 3 && (data.size(0) == 3 || (gray_is_fine && data.size(0) == 1)),
              "{}: the image must be (3, H, W){}, got {}", where, gray_is_fine ? " or (1, H, W)" : "",
              opsis::detail::shape(data));
  OPSIS_CHECK(data.scalar_type() == torch::kUInt8 || data.is_floating_point(),
              "{}: the image must be uint8 or floating point, got {}", where, data.scalar_type());
}

torch::Tensor drawable_copy(const Image& image) {
  const auto pixels = transforms::functional::to_dtype(image.data.detach(), torch::kUInt8, {.scale = true}).cpu();
  if (pixels.size(0) == 1) return pixels.expand({3, -1, -1}).clone(torch::MemoryFormat::Contiguous);
  return pixels.is_alias_of(image.data) ? pixels.clone() : pixels;  // what was converted or fetched is a copy already
}

Image in_type_of(const torch::Tensor& drawn, const Image& image) {
  return Image(transforms::functional::to_dtype(drawn, image.data.scalar_type(), {.scale = true}));
}

Raster raster_on(const torch::Tensor& pixels, Raster::Mode mode) {
  return {pixels.data_ptr<uint8_t>(),
          {pixels.size(1), pixels.size(2)},
          {pixels.stride(0), pixels.stride(1), pixels.stride(2)},
          mode};
}

}  // namespace opsis::inline v1::utils::detail
