// Rewrites recorded programs so that they do the same with fewer and quicker operators. Program::finish() comes after them.
#pragma once

#include "opsis/models/program.h"

namespace opsis::inline v1::models::detail {

/// What torch::nn::Linear does, a product and a sum, becomes one operator, which the rest knows.
void join_linears(Program& program);

/// Batch norms become part of the convolutions before them.
void fold_batch_norms(Program& program);

/// Scales of channels after a linear layer become part of it (ConvNeXt's layer_scale).
void fold_scales(Program& program);

/// softmax(q k + bias) v becomes one operator: that of inference_ops.h where it is for so many keys, else LibTorch's.
void fuse_attention(Program& program);

/// A convolution of single pixels, whose results go to a depthwise one alone, and that one become "opsis::inference_expansion",
/// where both are of float32.
void join_expansions(Program& program);

/// Convolutions and linear layers get their weights as their kernels want them, and do what follows them (an activation, an
/// addition) before their results leave the cache: those of inference_ops.h, or oneDNN's, if it may be used, for groups, for
/// three dimensions, and for bfloat16 on machines that have neither AMX nor AVX-512's products of it.
void pack(Program& program, bool onednn);

/// Means over a picture, factors of its channels, and maxima of windows, where pixels lie beside their channels, become
/// operators of inference_ops.h.
void use_channel_kernels(Program& program);

/// Constants that convolutions, linear layers and the rest compute with become of this type; norms, and the
/// masks of attention, keep theirs.
void convert(Program& program, torch::Dtype type);

}  // namespace opsis::inline v1::models::detail
