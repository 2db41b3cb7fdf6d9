// Operators that optimized programs are made of: convolutions and linear layers on the CPU, with what follows them, and what else is
// done to pixels whose channels lie side by side. They are called by name: "opsis::inference_conv2d", "opsis::inference_winograd",
// "opsis::inference_depthwise", "opsis::inference_expansion", "opsis::inference_linear", "opsis::inference_mean",
// "opsis::inference_scale", "opsis::inference_max_pool2d", "opsis::inference_attention". Numbers are of float32 or bfloat16; sums
// are of float32 always. No gradients.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/core/tensor_pool.h"

namespace opsis::inline v1::models::detail {

/// While it lives, the operators that this thread calls make their results in that memory.
class OPSIS_API ResultsIn {
 public:
  explicit ResultsIn(const TensorPool& memory);
  ~ResultsIn();
  ResultsIn(const ResultsIn&) = delete;
  ResultsIn& operator=(const ResultsIn&) = delete;

 private:
  const TensorPool* before_;
};

/// Whether inference_conv2d and inference_linear take numbers of this type on this machine.
OPSIS_API bool has_products_of(torch::Dtype type);

/// The weights, (columns, ...), and the bias, which need not be there, as the operators' kernel reads them: a plain tensor of one
/// dimension, good on this machine. Of a convolution, (out, in, height, width), channels come last.
OPSIS_API torch::Tensor pack_weights(const torch::Tensor& weight, const torch::Tensor& bias, at::IntArrayRef dilation = {1, 1});

/// Whether "opsis::inference_winograd" does a convolution, (N, C, H, W) of whose results are `out`, sooner; its weights then.
bool suits_winograd(const torch::Tensor& weight, at::IntArrayRef stride, at::IntArrayRef dilation, at::IntArrayRef out);
OPSIS_API torch::Tensor pack_winograd(const torch::Tensor& weight);

/// Whether each channel is by itself: for inference_depthwise.
bool is_depthwise(const torch::Tensor& weight, int64_t groups);

/// How many vectors of channels inference_expansion makes at once, which depends on the depthwise convolution, of weights
/// (channels, 1, height, width), and on the pictures, (N, C, H, W); and the weights of the convolution before it then, (channels, in,
/// 1, 1) of float32. It takes the results of the latter, which are the most numbers of an inverted bottleneck, while they are in the
/// cache.
OPSIS_API int64_t expansion_vectors(const torch::Tensor& weight, at::IntArrayRef stride, at::IntArrayRef padding,
                                    at::IntArrayRef dilation, at::IntArrayRef images);
OPSIS_API torch::Tensor pack_expansion(const torch::Tensor& weight, const torch::Tensor& bias, int64_t vectors);

/// Whether "opsis::inference_attention" is for so many keys, and numbers of a key and of a value: softmax(q k^T * scale + mask) v
/// of q (..., heads, tokens, depth), k (..., heads, keys, depth) and v (..., heads, keys, width), which may lie anyhow. The result
/// lies as (..., tokens, heads, width). Of the masks, (masks, heads or 1, tokens or 1, keys or 1) of float32, `which` says for one
/// after the other of a batch, and then again from the first, which it has; empty: each once. scale: one number, or one a head.
bool suits_attention(int64_t keys, int64_t depth, int64_t width);

}  // namespace opsis::inline v1::models::detail
