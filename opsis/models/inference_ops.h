// Operators that optimized programs are made of: convolutions and linear layers of float32 on the CPU, with what follows them. They
// are called by name: "opsis::inference_conv2d", "opsis::inference_winograd", "opsis::inference_depthwise", "opsis::inference_linear"; no
// gradients.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"

namespace opsis::inline v1::models::detail {

/// The weights, (columns, ...), and the bias, which need not be there, as the operators' kernel reads them: a plain tensor of one
/// dimension, good on this machine. Of a convolution, (out, in, height, width), channels come last.
OPSIS_API torch::Tensor pack_weights(const torch::Tensor& weight, const torch::Tensor& bias);

/// Whether "opsis::inference_winograd" does a convolution, (N, C, H, W) of whose results are `out`, sooner; its weights then.
bool suits_winograd(const torch::Tensor& weight, at::IntArrayRef stride, at::IntArrayRef dilation, at::IntArrayRef out);
OPSIS_API torch::Tensor pack_winograd(const torch::Tensor& weight);

/// Whether each channel is by itself: for inference_depthwise.
bool is_depthwise(const torch::Tensor& weight, int64_t groups);

}  // namespace opsis::inline v1::models::detail
