// Tensors in the idx format, which MNIST and its kin are stored in.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::datasets {

/// The tensor of an idx file. docs/formats/idx.md has the layout.
///     read_idx(io::read_bytes("train-labels-idx1-ubyte"))   // (60000) uint8
/// Types    uint8, int8, int16, int32, float32 and float64, as the file says
/// Throws   DecodeError when it is not a sound idx file
/// Differs  takes any number of dimensions, not just one to three
/// Source   torchvision.datasets.mnist.read_sn3_pascalvincent_tensor
OPSIS_API torch::Tensor read_idx(io::Bytes file);

}  // namespace opsis::inline v1::datasets
