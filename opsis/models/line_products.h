// Convolutions of pictures of few channels, whose weights are few too: a line of the result at a time.
#pragma once

#include <torch/types.h>

#include "opsis/models/inference_tensors.h"
#include "opsis/models/row_products.h"
#include "opsis/simd/matmul.h"

namespace opsis::inline v1::models::detail {

/// Whether what a pixel sees in a line of the picture is little, and lies together once the line's channels lie side by side.
bool has_few_channels(int64_t channels, int64_t window_width, int64_t dilation_x);

/// images: (N, C, H, W) of float32, however it lies; out: channels last.
void convolve_lines(const torch::Tensor& images, const Window& window, const simd::Strips& strips, const float* packed,
                    const torch::Tensor& out, const Finish<float>& finish);

}  // namespace opsis::inline v1::models::detail
