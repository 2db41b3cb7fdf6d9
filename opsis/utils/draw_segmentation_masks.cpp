#include "opsis/utils/draw_segmentation_masks.h"

#include <torch/torch.h>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/tensor.h"
#include "opsis/utils/drawable.h"

namespace opsis::inline v1::utils {

Image draw_segmentation_masks(const Image& image, const torch::Tensor& masks, const DrawSegmentationMasksOptions& options) {
  const torch::NoGradGuard no_grad;
  constexpr auto where = "draw_segmentation_masks";
  detail::check_drawable(where, image, false);
  OPSIS_CHECK(masks.defined() && (masks.dim() == 2 || masks.dim() == 3), "{}: the masks must be (N, H, W) or (H, W), got {}",
              where, opsis::detail::shape(masks));
  OPSIS_CHECK(masks.scalar_type() == torch::kBool, "{}: the masks must be bool, got {}", where, masks.scalar_type());
  const auto& pixels = image.data;
  OPSIS_CHECK(masks.size(-2) == pixels.size(1) && masks.size(-1) == pixels.size(2),
              "{}: the masks must have the image's height and width, got {} for {}", where, opsis::detail::shape(masks),
              opsis::detail::shape(pixels));
  const auto each = masks.dim() == 2 ? masks.unsqueeze(0) : masks;
  if (each.size(0) == 0) return image;

  const auto colors = options.colors.of(where, each.size(0));
  auto covered = pixels.detach().clone();
  for (int64_t i = 0; i < each.size(0); ++i) {
    const auto& paint = colors[static_cast<size_t>(i)];
    OPSIS_CHECK(!paint.has_alpha, "{}: colours must have no alpha; alpha is for all masks", where);
    const auto& color = paint.color;
    auto numbers = torch::tensor({color.red, color.green, color.blue}, torch::kFloat64);
    if (pixels.is_floating_point()) {
      if (!options.colors)
        numbers = numbers.to(torch::kFloat32);  // torchvision's palette is tensors, and they divide in float32
      numbers = numbers.div(255);
    }
    covered = torch::where(each[i], numbers.to(pixels.options()).view({3, 1, 1}), covered);
  }
  covered.masked_fill_(each.sum(0) > 1, 0);
  using transforms::detail::times;
  return Image((times(pixels, 1 - options.alpha) + times(covered, options.alpha)).to(pixels.scalar_type()));
}

Image draw_segmentation_masks(const Image& image, const Mask& masks, const DrawSegmentationMasksOptions& options) {
  return draw_segmentation_masks(image, masks.data, options);
}

}  // namespace opsis::inline v1::utils
