// Where a picture shall lie.
#pragma once

#include <torch/types.h>

#include <functional>

namespace opsis::inline v1::transforms {

/// Asked once, by who makes a picture, for the memory of it: a contiguous tensor of this shape and type whose numbers are written
/// over, or an undefined one where there is none.
using ImagePlace = std::function<torch::Tensor(at::IntArrayRef sizes, torch::ScalarType type)>;

}  // namespace opsis::inline v1::transforms
