// What the drawing functions share about images. For Opsis's own sources.
#pragma once

#include <torch/types.h>

#include <string_view>

#include "opsis/tv_tensors.h"
#include "opsis/utils/raster.h"

namespace opsis::inline v1::utils::detail {

/// Throws ValueError unless the image is (3, H, W), or (1, H, W) where gray is fine, of uint8 or floating point.
void check_drawable(std::string_view where, const Image& image, bool gray_is_fine);

/// Its pixels as uint8 on the CPU, (3, H, W), in memory of their own, where they lie as they do in the image: a copy from one
/// layout to the other takes longer than all that is drawn. Gray becomes three planes.
torch::Tensor drawable_copy(const Image& image);
/// Drawn pixels in the type that they had.
Image in_type_of(const torch::Tensor& drawn, const Image& image);

/// A view of what drawable_copy gave.
Raster raster_on(const torch::Tensor& pixels, Raster::Mode mode);

}  // namespace opsis::inline v1::utils::detail
