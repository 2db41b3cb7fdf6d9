// Masks on an image.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"
#include "opsis/utils/colors.h"

namespace opsis::inline v1::utils {

/// How masks are laid over an image.
struct DrawSegmentationMasksOptions {
  double alpha = 0.8;  ///< 0 shows the image alone, 1 the masks alone
  Colors colors{};     ///< of the masks; a palette when absent
};

/// The image with masks over it; where two of them overlap it is darkened.
///     auto shown = utils::draw_segmentation_masks(image, scores.argmax(0) == torch::arange(21).view({21, 1, 1}), {.alpha = 0.6});
/// Shapes   image (3, H, W); masks (N, H, W) or (H, W) -> (3, H, W). Without masks the image itself
/// Types    uint8, or floating point in [0, 1]; the result has the same. The masks are bool
/// Throws   ValueError on another shape or type, or fewer colours than masks
/// Source   torchvision.utils.draw_segmentation_masks
OPSIS_API Image draw_segmentation_masks(const Image& image, const torch::Tensor& masks,
                                        const DrawSegmentationMasksOptions& options = {});
OPSIS_API Image draw_segmentation_masks(const Image& image, const Mask& masks,
                                        const DrawSegmentationMasksOptions& options = {});
/// Likewise of a bare tensor.
inline torch::Tensor draw_segmentation_masks(const torch::Tensor& image, const torch::Tensor& masks,
                                             const DrawSegmentationMasksOptions& options = {}) {
  return draw_segmentation_masks(wrap(image, Image()), masks, options).data;
}
inline torch::Tensor draw_segmentation_masks(const torch::Tensor& image, const Mask& masks,
                                             const DrawSegmentationMasksOptions& options = {}) {
  return draw_segmentation_masks(wrap(image, Image()), masks, options).data;
}

}  // namespace opsis::inline v1::utils
