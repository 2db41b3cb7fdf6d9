#include "opsis/transforms/functional/planes.h"

#include "opsis/simd/interleave.h"
#include "opsis/transforms/functional/pictures.h"

namespace opsis::inline v1::transforms::detail {
namespace {

template <class T>
void separate(const torch::Tensor& images, const PictureLayout& layout, uint8_t* out) {
  const int64_t height = images.size(2), width = images.size(3), plane = height * width;
  for_rows(layout.pictures, height, width * layout.pixel, [&](int64_t number, int64_t first, int64_t last) {
    const auto* const from = picture(images, layout, number) + first * layout.row_stride;
    auto* const to = reinterpret_cast<T*>(out) + 3 * number * plane + first * width;
    T* const planes[] = {to, to + plane, to + 2 * plane};
    simd::separate3(reinterpret_cast<const T*>(from), static_cast<size_t>((last - first) * width), planes);
  });
}

}  // namespace

torch::Tensor in_planes(const torch::Tensor& image) {
  if (image.is_contiguous()) return image;
  const auto images = as_batch(image);
  const auto layout = picture_layout(images);
  const int64_t item = image.element_size();
  const bool whole_rows = layout && layout->interleaved && layout->row_stride == images.size(3) * layout->pixel;
  if (!whole_rows || layout->channels != 3 || (item != 1 && image.scalar_type() != torch::kFloat32)) return image.contiguous();
  auto out = torch::empty(image.sizes(), image.options());
  auto* const to = static_cast<uint8_t*>(out.mutable_data_ptr());
  if (item == 1) {
    separate<uint8_t>(images, *layout, to);
  } else {
    separate<float>(images, *layout, to);
  }
  return out;
}

}  // namespace opsis::inline v1::transforms::detail
