// Mirroring and padding by copies of rows. For Opsis's own sources.
#pragma once

#include <torch/types.h>

#include <optional>

#include "opsis/transforms/functional/pad.h"

namespace opsis::inline v1::transforms::detail {

/// image.flip(dim) for dim -1 or -2.
torch::Tensor flipped(const torch::Tensor& image, int64_t dim);

/// (..., C, H, W) or (H, W) with borders, some of which may cut; none for types and layouts that have no kernel here. `fill`, of
/// the image's type, has one number or one for each channel, and is for the mode constant. Borders must be such as the mode
/// allows.
std::optional<torch::Tensor> pad_pixels(const torch::Tensor& image, const Borders& borders, PaddingMode mode,
                                        const torch::Tensor& fill);

/// The same with 0, for every image of the CPU and elsewhere.
torch::Tensor pad_with_zeros(const torch::Tensor& image, const Borders& borders);

/// A copy of an image, (..., C, H, W) or (H, W), in which the pixels of `part`, a view of a rectangle of it, are `fill`, which
/// is as that of pad_pixels. None where there is no kernel for its memory.
std::optional<torch::Tensor> filled_in(const torch::Tensor& image, const torch::Tensor& part, const torch::Tensor& fill);

}  // namespace opsis::inline v1::transforms::detail
