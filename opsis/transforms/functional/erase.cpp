#include "opsis/transforms/functional/erase.h"

#include <ATen/TensorIndexing.h>

#include <utility>

#include "opsis/transforms/functional/move_pixels.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::functional {

torch::Tensor erase(const torch::Tensor& image, Region region, const torch::Tensor& pixels, const EraseOptions& options) {
  detail::check_dims("erase", image, 2);
  const auto part_of = [&](const torch::Tensor& whole) {
    return whole.slice(-2, region.top, region.top + region.height).slice(-1, region.left, region.left + region.width);
  };
  const auto part = part_of(image);
  // Python's assignment drops leading dimensions of 1 that the image has not.
  auto fill = pixels;
  while (fill.dim() > part.dim() && fill.size(0) == 1) fill = fill.squeeze(0);
  OPSIS_CHECK(at::is_expandable_to(fill.sizes(), part.sizes()), "erase: pixels {} cannot be broadcast to the region {}",
              opsis::detail::shape(pixels), opsis::detail::shape(part));
  // A number for all channels or one for each is written while the rest is copied.
  const bool even = fill.numel() == 1 || (fill.dim() >= 3 && fill.numel() == fill.size(-3) && fill.numel() == image.size(-3));
  if (even && !options.inplace && !fill.requires_grad()) {
    if (auto erased = detail::filled_in(image, part, fill.to(image.options()))) return *std::move(erased);
  }
  auto out = options.inplace ? image : image.clone();
  part_of(out).copy_(fill);
  return out;
}

Image erase(const Image& image, Region region, const torch::Tensor& pixels, const EraseOptions& options) {
  return wrap(erase(image.data, region, pixels, options), image);
}
Video erase(const Video& video, Region region, const torch::Tensor& pixels, const EraseOptions& options) {
  return wrap(erase(video.data, region, pixels, options), video);
}

}  // namespace opsis::inline v1::transforms::functional
